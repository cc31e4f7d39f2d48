'use client';

import { useId, type ReactNode } from 'react';
import { Info } from 'lucide-react';

/** A note that opens on hover and on focus. The button is what a keyboard and a finger reach. */
export function InfoTip({ label, children }: { label: string; children: ReactNode }) {
  const id = useId();
  return (
    <span className="group relative inline-flex">
      <button type="button" aria-label={label} aria-describedby={id} className="rounded-full p-0.5 text-faint hover:text-ink">
        <Info className="size-3.5" aria-hidden />
      </button>
      <span
        role="tooltip"
        id={id}
        className="pointer-events-none invisible absolute top-full left-1/2 z-30 mt-1.5 w-72 -translate-x-1/2 max-sm:fixed max-sm:inset-x-4 max-sm:top-auto max-sm:mt-6 max-sm:w-auto max-sm:translate-x-0 rounded-md border border-line bg-raised px-3 py-2 text-xs font-normal text-muted opacity-0 shadow-pop transition-opacity duration-100 group-focus-within:visible group-focus-within:opacity-100 group-hover:visible group-hover:opacity-100"
      >
        {children}
      </span>
    </span>
  );
}
