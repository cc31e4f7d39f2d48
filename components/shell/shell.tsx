import type { ReactNode } from 'react';
import Link from 'next/link';
import { LateActionHost } from '@/components/jobs/late-action-host';
import { LateJobIndicator } from '@/components/jobs/late-indicator';
import { ToastHost } from '@/components/ui/toast';
import type { Theme } from '@/lib/client/theme';
import { Brand, BrandMark } from './brand';
import { MobileNav } from './mobile-nav';
import { NavLinks, type NavEntry } from './nav-links';
import { PaletteButton } from './palette-button';
import type { Place } from './places';
import { TargetSelect } from './target-select';
import { ThemeMenu } from './theme-menu';
import { UserMenu, type Person } from './user-menu';

type Props = { person: Person; entries: NavEntry[]; places: Place[]; /** Observed databases; empty for those who may not see them. */ targets: string[]; theme: Theme; children: ReactNode };

/** The frame of every page: menu, bar, and the page. */
export function Shell({ person, entries, places, targets, theme, children }: Props) {
  return (
    <div className="lg:grid lg:min-h-dvh lg:grid-cols-[14.5rem_minmax(0,1fr)]">
      <a href="#main" className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-sm font-medium text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        Skip to the content
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col border-r border-line bg-surface lg:flex">
        <Link href="/" prefetch={false} className="flex h-13 items-center px-4" aria-label="Riskdesk, overview">
          <Brand />
        </Link>
        <nav aria-label="Main" className="grow overflow-y-auto px-2.5 py-2">
          <NavLinks entries={entries} />
        </nav>
      </aside>
      <div className="flex min-w-0 flex-col">
        <header className="sticky top-0 z-20 flex h-13 items-center gap-2 border-b border-line bg-canvas/90 px-4 backdrop-blur lg:px-6">
          <MobileNav entries={entries} />
          <Link href="/" prefetch={false} className="lg:hidden" aria-label="Riskdesk, overview">
            <BrandMark />
          </Link>
          {targets.length > 0 ? <TargetSelect targets={targets} /> : null}
          <div className="ml-auto flex items-center gap-1">
            {targets.length > 0 ? <LateJobIndicator /> : null}
            <PaletteButton places={places} maintains={targets.length > 0} />
            <ThemeMenu initial={theme} />
            <UserMenu person={person} />
          </div>
        </header>
        <main id="main" tabIndex={-1} className="mx-auto w-full max-w-[90rem] grow px-4 pt-6 pb-16 focus-visible:outline-none lg:px-6">
          {children}
        </main>
      </div>
      {targets.length > 0 ? <LateActionHost /> : null}
      <ToastHost />
    </div>
  );
}
