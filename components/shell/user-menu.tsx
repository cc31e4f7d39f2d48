'use client';

import { useRouter } from 'next/navigation';
import { LogOut, UserRound } from 'lucide-react';
import { Menu, MenuItem } from '@/components/ui/menu';
import { toast } from '@/components/ui/toast';
import { leavePage } from '@/lib/client/leave';
import { messageOf } from '@/lib/client/problem';
import { signOut } from '@/lib/client/session';

export type Person = { name: string; email: string; role: string };

const leave = () => signOut().catch((error: unknown) => toast('You are still signed in', { tone: 'error', about: messageOf(error) }));

export function UserMenu({ person }: { person: Person }) {
  const router = useRouter();
  const initial = (person.name || person.email).slice(0, 1).toUpperCase();
  const trigger = <span className="flex size-6 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent">{initial}</span>;
  return (
    <Menu label={`Account: ${person.email}`} icon trigger={trigger}>
          <div className="mb-1 border-b border-line px-2 pt-1 pb-2">
            <p className="truncate font-medium">{person.name}</p>
            <p className="truncate text-xs text-faint">{person.email}</p>
            <p className="mt-1 text-xs text-muted">Role: {person.role}</p>
          </div>
          <MenuItem onSelect={() => leavePage(() => router.push('/account'))}>
            <UserRound className="size-4 text-faint" aria-hidden />
            Account
          </MenuItem>
          <MenuItem onSelect={() => leavePage(() => void leave())}>
            <LogOut className="size-4 text-faint" aria-hidden />
            Sign out
          </MenuItem>
    </Menu>
  );
}
