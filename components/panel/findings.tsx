'use client';

import { useState, type ReactNode } from 'react';
import Link from 'next/link';
import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { classNames } from '@/components/ui/class-names';
import type { Finding, Severity } from '@/lib/kit/finding';
import { format, formatTime, type Unit } from '@/lib/units';
import { Disclosure } from './disclosure';
import { RemedyView } from './remedy';

const marks: Record<Severity, { Icon: typeof Info; look: string; word: string }> = {
  critical: { Icon: CircleAlert, look: 'text-critical', word: 'Critical' },
  warning: { Icon: TriangleAlert, look: 'text-warning', word: 'Warning' },
  info: { Icon: Info, look: 'text-info', word: 'Note' },
};

/** What names the object in an address: a statement by its id, since its text does not belong there. */
export const objectOf = ({ about, evidence }: Pick<Finding, 'about' | 'evidence'>): string => String(evidence['queryid'] ?? about);

export type ShownFinding = Finding & { href?: string; from?: string };

type Props<T> = { items: readonly T[]; first?: number; label: string; /** The object that somebody came for: what is about it comes first. */ lead?: string | null; /** Something to do about one of them, beside it. */ renderAction?: ((item: T) => ReactNode) | undefined; /** More to say about one of them. */ renderNote?: (item: T) => ReactNode };

/** Findings, the worst first as given; a long list opens on demand. */
export function Findings<T extends ShownFinding>({ items: given, first = 3, label, lead = null, renderAction, renderNote }: Props<T>) {
  const [all, setAll] = useState(false);
  const items = lead === null ? given : [...given.filter((item) => objectOf(item) === lead), ...given.filter((item) => objectOf(item) !== lead)];
  const shown = all ? items : items.slice(0, first);
  const hidden = items.length - shown.length;
  return (
    <div>
      <ul aria-label={label} className="divide-y divide-line">
        {shown.map((item, index) => <FindingItem key={`${item.code} ${item.about} ${index}`} item={item} led={objectOf(item) === lead} action={renderAction?.(item)} note={renderNote?.(item)} />)}
      </ul>
      {hidden > 0 || all ? (
        <div className="border-t border-line px-3 py-1.5">
          <Button kind="ghost" size="small" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Show fewer' : `Show ${hidden} more`}</Button>
        </div>
      ) : null}
    </div>
  );
}

function FindingItem({ item, led, action, note }: { item: ShownFinding; led: boolean; action: ReactNode; note: ReactNode }) {
  const { Icon, look, word } = marks[item.severity];
  const evidence = Object.entries(item.evidence);
  return (
    <li aria-current={led || undefined} className={classNames('flex gap-3 px-4 py-3', led && 'bg-accent-soft/50')}>
      <Icon className={classNames('mt-0.5 size-4 shrink-0', look)} aria-hidden />
      <div className="min-w-0 grow">
        <p className="flex min-w-0 items-baseline gap-x-2">
          <span className={classNames('text-xs font-semibold', look)}>{word}</span>
          <Subject item={item} />
          {item.from ? <span className="ml-auto shrink-0 pl-2 text-xs text-faint max-sm:hidden">{item.from}</span> : null}
        </p>
        <p className="mt-0.5 max-w-4xl text-sm text-muted">{item.says}</p>
        {note}
        {evidence.length > 0 || item.remedy ? (
          <div className="mt-1.5">
            <Disclosure summary={item.remedy ? 'Evidence and remedy' : 'Evidence'}>
              <dl className="flex flex-wrap gap-x-6 gap-y-1.5 pb-2">
                {evidence.map(([key, value]) => (
                  <div key={key}>
                    <dt className="text-2xs text-faint">{evidenceLabel(key)}</dt>
                    <dd className="numeric text-xs font-medium">{evidenceText(key, value)}</dd>
                  </div>
                ))}
              </dl>
              {item.remedy ? <RemedyView remedy={item.remedy} /> : null}
            </Disclosure>
          </div>
        ) : null}
      </div>
      {action}
    </li>
  );
}

function Subject({ item }: { item: ShownFinding }): ReactNode {
  const text = <span className="truncate font-mono text-xs text-ink" title={item.about}>{item.about}</span>;
  if (!item.href) return text;
  return <Link href={item.href} prefetch={false} className="min-w-0 truncate rounded-sm hover:underline">{text}</Link>;
}

const unitBySuffix: [string, Unit][] = [['_bytes', 'bytes'], ['_ms', 'ms'], ['_ratio', 'ratio']];

/** The unit in a name is said by the value. */
export const evidenceLabel = (key: string): string => key.replace(/_(bytes|ms|ratio)$/, '').replaceAll('_', ' ');

/** Evidence carries its unit in its name (`size_bytes`). */
export function evidenceText(key: string, value: string | number | boolean | null): string {
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\dT/.test(value) ? formatTime(value) : value;
  return format(value, unitBySuffix.find(([suffix]) => key.endsWith(suffix))?.[1] ?? 'count');
}
