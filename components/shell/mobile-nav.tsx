'use client';

import { useRef } from 'react';
import { Menu, X } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { NavLinks, type NavEntry } from './nav-links';

/** The menu as a drawer, where there is no room beside the page. */
export function MobileNav({ entries }: { entries: readonly NavEntry[] }) {
  const ref = useRef<HTMLDialogElement>(null);
  const close = () => ref.current?.close();
  return (
    <div className="lg:hidden">
      <Button kind="ghost" icon aria-label="Open the menu" aria-haspopup="dialog" onClick={() => ref.current?.showModal()}>
        <Menu className="size-5" aria-hidden />
      </Button>
      <dialog ref={ref} aria-label="Menu" closedby="any" className="m-0 h-dvh max-h-none w-72 max-w-[85vw] border-r border-line bg-surface p-0 shadow-pop">
        <div className="flex h-full flex-col">
          <div className="flex h-13 items-center justify-between border-b border-line pr-2 pl-4">
            <span className="text-base font-semibold tracking-tight">Riskdesk</span>
            <Button kind="ghost" icon aria-label="Close the menu" onClick={close}>
              <X className="size-5" aria-hidden />
            </Button>
          </div>
          <nav aria-label="Main" className="grow overflow-y-auto p-2">
            <NavLinks entries={entries} onNavigate={close} />
          </nav>
        </div>
      </dialog>
    </div>
  );
}
