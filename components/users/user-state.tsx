import { Badge } from '@/components/ui/badge';
import { classNames } from '@/components/ui/class-names';
import { roleWords } from '@/components/account/words';
import type { Role } from '@/lib/kit/permission';

export const stateOf = (active: boolean): 'active' | 'disabled' => (active ? 'active' : 'disabled');

/** Whether an account can be used. */
export function UserState({ active }: { active: boolean }) {
  return (
    <span className={classNames('inline-flex items-center gap-1.5 whitespace-nowrap', !active && 'text-muted')}>
      <span className={classNames('size-1.5 rounded-full', active ? 'bg-ok' : 'bg-control')} aria-hidden />
      {active ? 'Active' : 'Disabled'}
    </span>
  );
}

/** Only who can change accounts stands out. */
export function RoleBadge({ role }: { role: Role }) {
  return <Badge tone={role === 'admin' ? 'accent' : 'neutral'}>{roleWords[role].title}</Badge>;
}
