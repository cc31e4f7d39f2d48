'use client';

import Link from 'next/link';
import { useEffect, useRef } from 'react';
import { classNames } from './class-names';

export type Tab = { href: string; label: string; current: boolean; count?: number | undefined };

/** Tabs that are places: each has an address, so they are links. Many go on in a second line where there is room for one, and are scrolled on a phone. */
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const ref = useRef<HTMLElement>(null);
  const current = tabs.find((tab) => tab.current)?.href;
  useEffect(() => {
    const nav = ref.current;
    const tab = current === undefined ? null : nav?.querySelector<HTMLElement>('[aria-current]');
    // scrollIntoView would move the page too.
    if (nav && tab) nav.scrollLeft = tab.offsetLeft - (nav.clientWidth - tab.offsetWidth) / 2;
  }, [current]);
  return (
    <nav ref={ref} aria-label={label} className="relative -mx-4 overflow-x-auto max-sm:scroll-shadow [--ground:var(--canvas)] border-b border-line px-4 sm:mx-0 sm:px-0">
      <ul className="flex gap-x-5 max-sm:w-max max-sm:pr-4 sm:flex-wrap">
        {tabs.map((tab) => (
          <li key={tab.href}>
            <Link
              href={tab.href}
              prefetch={false}
              aria-current={tab.current ? 'page' : undefined}
              className={classNames('-mb-px flex h-9 items-center gap-1.5 border-b-2 text-sm whitespace-nowrap', tab.current ? 'border-accent font-medium text-ink' : 'border-transparent text-muted hover:text-ink')}
            >
              {tab.label}
              {tab.count === undefined ? null : <span className="numeric text-xs text-faint">{tab.count}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
