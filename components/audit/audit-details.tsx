import Link from 'next/link';
import type { ReactNode } from 'react';
import { SqlBlock } from '@/components/panel/sql-block';
import { RelativeTime } from '@/components/ui/relative-time';
import type { AuditItem } from '@/lib/rooms/auth/schema';

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null || (Array.isArray(value) && value.every((one) => typeof one !== 'object'));
const textOf = (value: unknown): string => (value === null || value === undefined ? '–' : Array.isArray(value) ? value.join(', ') : String(value));

/** Everything of one row: plain details as words and values, nested ones as JSON; and where to read on. */
export function AuditDetails({ item, managesUsers }: { item: AuditItem; managesUsers: boolean }) {
  const details = Object.entries(item.details);
  const nested = details.filter(([, value]) => !isPlain(value));
  const account = managesUsers ? /^user:(.+)$/.exec(item.object)?.[1] : undefined;
  const job = /^job:(.+)$/.exec(item.object)?.[1];
  return (
    <div className="flex max-w-5xl flex-col gap-4 max-sm:w-full">
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <Pairs label={`Row ${item.id}`}>
          <Pair label="When"><RelativeTime at={item.at} /></Pair>
          <Pair label="Actor’s id">{item.actorId ?? '–'}</Pair>
          <Pair label="Via">{item.via}</Pair>
          <Pair label="Object">{item.object}</Pair>
        </Pairs>
        {details.length > nested.length ? <Pairs label="Details">{details.filter(([, value]) => isPlain(value)).map(([key, value]) => <Pair key={key} label={key}>{textOf(value)}</Pair>)}</Pairs> : null}
      </div>
      {nested.length > 0 ? <SqlBlock label="JSON" sql={JSON.stringify(Object.fromEntries(nested), null, 2)} /> : null}
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
        <More href={`/audit?actor=${encodeURIComponent(item.actor)}`}>All by {item.actor}</More>
        <More href={`/audit?object=${encodeURIComponent(item.object)}`}>All about this object</More>
        <More href={`/audit?action=${encodeURIComponent(item.action)}`}>All {item.action}</More>
        {job ? <More href={`/maintenance/${job}`}>The job</More> : null}
        {account ? <More href={`/users/${account}`}>The account</More> : null}
      </p>
    </div>
  );
}

function Pairs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <p className="mb-1.5 text-xs font-medium">{label}</p>
      <dl className="flex flex-col gap-1">{children}</dl>
    </div>
  );
}

function Pair({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid min-w-0 grid-cols-[5.5rem_minmax(0,1fr)] gap-x-3 text-xs">
      <dt className="text-faint wrap-anywhere">{label}</dt>
      <dd className="font-mono wrap-anywhere">{children}</dd>
    </div>
  );
}

function More({ href, children }: { href: string; children: ReactNode }) {
  return <Link href={href} prefetch={false} className="rounded-sm font-medium text-accent wrap-anywhere hover:underline">{children}</Link>;
}
