import { Check } from 'lucide-react';
import { Card, Fact } from '@/components/ui/card';
import type { Permission, Role } from '@/lib/kit/permission';
import { permissionWords, roleWords } from './words';

type Props = { name: string; email: string; role: Role; permissions: readonly Permission[] };

/** Who one is here, and what that lets one do. */
export function Profile({ name, email, role, permissions }: Props) {
  return (
    <Card title="Profile">
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-6 gap-y-3">
        <Fact label="Name">{name}</Fact>
        <Fact label="E-mail" note={email}>{email}</Fact>
        <Fact label="Role">{roleWords[role].title}</Fact>
      </dl>
      <h3 className="mt-4 text-xs text-faint">You may</h3>
      <ul className="mt-1 flex flex-col gap-0.5">
        {permissions.map((permission) => (
          <li key={permission} className="flex items-center gap-2 text-sm">
            <Check className="size-3.5 shrink-0 text-ok" aria-hidden />
            {permissionWords[permission]}
          </li>
        ))}
      </ul>
      <p className="mt-4 text-xs text-faint">An administrator can change your name and your role.</p>
    </Card>
  );
}
