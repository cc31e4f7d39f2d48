'use client';

import Link from 'next/link';
import { usePathname, useSearchParams } from 'next/navigation';
import type { ReactNode } from 'react';
import { classNames } from '@/components/ui/class-names';
import { isAt, withTarget } from './places';

export type NavEntry = { href: string; label: string; about: string; icon: ReactNode };

/** Pages are drawn for each request: fetching every one of them ahead would cost the server more than it saves the person. */
export function NavLinks({ entries, onNavigate }: { entries: readonly NavEntry[]; onNavigate?: () => void }) {
  const path = usePathname();
  const target = useSearchParams().get('target');
  return (
    <ul className="flex flex-col gap-px">
      {entries.map(({ href, label, about, icon }) => {
        const current = isAt(path, href);
        return (
          <li key={href}>
            <Link
              href={withTarget(href, target)}
              prefetch={false}
              title={about}
              aria-current={current ? 'page' : undefined}
              onClick={onNavigate}
              className={classNames('flex h-8 items-center gap-2.5 rounded-md px-2 text-sm max-lg:h-10', current ? 'bg-accent-soft font-medium text-accent' : 'text-muted hover:bg-hover hover:text-ink')}
            >
              {icon}
              {label}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
