'use client';

import { ChevronDown } from 'lucide-react';
import { LateInput } from '@/components/ui/late-input';
import { Menu, MenuFooter } from '@/components/ui/menu';

type Props = { label: string; kind: 'number' | 'date'; from: string | null; to: string | null; onChange: (from: string | null, to: string | null) => void };

const words = { number: ['At least', 'At most'], date: ['From', 'Before'] } as const;

/** From one value to another; either end may be open. */
export function RangeFilter({ label, kind, from, to, onChange }: Props) {
  const [least, most] = words[kind];
  const says = from && to ? `${from} – ${to}` : from ? `from ${from}` : to ? `to ${to}` : '';
  const trigger = (
    <>
      <span className={says ? 'numeric text-accent' : ''}>{says ? `${label}: ${says}` : label}</span>
      <ChevronDown className="size-3.5 text-faint" aria-hidden />
    </>
  );
  const input = (text: string, value: string | null, set: (value: string) => void) => (
    <label className="flex items-center justify-between gap-4 px-2 py-1.5 text-muted">
      {text}
      <LateInput label={`${label}, ${text.toLowerCase()}`} type={kind === 'date' ? 'date' : 'text'} inputMode="decimal" value={value ?? ''} onChange={set} className={kind === 'date' ? 'w-36' : 'numeric w-20'} />
    </label>
  );
  return (
    <Menu label={says ? `${label}: ${says}` : label} holds="controls" kind="secondary" size="small" align="start" trigger={trigger}>
      {input(least, from, (value) => onChange(value.replace(',', '.') || null, to))}
      {input(most, to, (value) => onChange(from, value.replace(',', '.') || null))}
      <MenuFooter onSelect={() => onChange(null, null)}>Any</MenuFooter>
    </Menu>
  );
}
