'use client';

import { useEffect, useRef, type ReactNode } from 'react';
import { CopyButton } from '@/components/ui/copy-button';
import { Notice } from '@/components/ui/notice';

/** A secret that nobody can show again. It takes the focus, because what made it is gone from the dialog. */
export function ShownOnce({ label, secret, says, children }: { label: string; secret: string; says: string; children?: ReactNode }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => ref.current?.focus(), []);
  return (
    <div ref={ref} tabIndex={-1} className="flex flex-col gap-3 focus-visible:outline-none">
      <Notice tone="warning" title="Copy it now">{says}</Notice>
      <div className="rounded-md border border-line bg-sunken">
        <div className="flex items-center justify-between border-b border-line py-0.5 pr-1 pl-3 text-2xs font-medium text-faint">
          {label}
          <CopyButton text={secret} />
        </div>
        <output aria-label={label} className="block px-3 py-2.5 font-mono text-sm break-all select-all">{secret}</output>
      </div>
      {children}
    </div>
  );
}
