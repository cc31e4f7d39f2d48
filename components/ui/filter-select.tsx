'use client';

import { useEffect, useRef, type ReactNode } from 'react';
import { Select } from './input';

type Props = { label: string; value: string; onChange: (value: string) => void; children: ReactNode };

/** A choice in a table's bar. */
export function FilterSelect({ label, value, onChange, children }: Props) {
  const select = useRef<HTMLSelectElement>(null);
  const first = useRef(onChange);
  // What was chosen before React took over the page differs from what the page was sent with.
  useEffect(() => {
    const { value: chosen, options } = select.current ?? {};
    const sent = [...(options ?? [])].find((option) => option.defaultSelected) ?? options?.[0];
    if (chosen !== undefined && sent && chosen !== sent.value) first.current(chosen);
  }, []);
  return (
    <Select ref={select} aria-label={label} value={value} onChange={(event) => onChange(event.target.value)} className="h-7 w-auto text-xs">
      {children}
    </Select>
  );
}
