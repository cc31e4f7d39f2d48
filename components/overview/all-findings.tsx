'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Disclosure } from '@/components/panel/disclosure';
import { CircleCheck } from 'lucide-react';
import { Findings, objectOf, type ShownFinding } from '@/components/panel/findings';
import { Retry } from '@/components/panel/query-panel';
import { withTarget } from '@/components/shell/places';
import { Card } from '@/components/ui/card';
import { EmptyState } from '@/components/ui/empty-state';
import { Notice } from '@/components/ui/notice';
import { SkeletonRows } from '@/components/ui/skeleton';
import { api, messageOf } from '@/lib/client/api';
import { keys } from '@/lib/client/keys';
import { useUrlState } from '@/lib/client/url-state';
import { severities } from '@/lib/kit/finding';
import type { FindingsAnswer, FoundItem } from '@/lib/kit/result';
import { DecideButton, DecisionNote, ReopenButton } from './decide';
import { RoomFilter } from './room-filter';
import { UnmeasuredList, type DiagnosticPlaces } from './unmeasured-list';

const refreshMs = 60_000;

/** What needs somebody, of all rooms, the worst first; beside it what could not be measured at all. */
export function AllFindings({ places, mayDecide }: { places: DiagnosticPlaces; mayDecide: boolean }) {
  const { params, set } = useUrlState();
  const target = params.get('target') ?? 'main';
  const room = params.get('room');
  const { data, error, isFetching, refetch } = useQuery({ queryKey: keys.findings(target), queryFn: ({ signal }) => api<FindingsAnswer>('/api/findings', { query: { target }, signal }), refetchInterval: refreshMs, placeholderData: keepPreviousData });
  const again = () => void refetch();
  if (!data) return <Card title="Findings" flush busy={isFetching}>{error ? <div className="p-4"><Notice tone="critical" title="Findings could not be loaded" action={<Retry onRetry={again} />}>{messageOf(error)}</Notice></div> : <SkeletonRows rows={6} label="Findings: loading" />}</Card>;
  const all = data.items.map((item) => located(item, places, target));
  const kinds = room === null ? byKind(all) : null;
  const shown = kinds ? kinds.map(([first]) => first) : all.filter(({ from }) => from === room);
  const decided = data.decided.map((item) => located(item, places, target));
  return (
    <div className="flex flex-col gap-4">
      {error ? <Notice tone="warning" title="These are the last findings that could be collected" action={<Retry onRetry={again} />}>{messageOf(error)}</Notice> : null}
      <Card title="Findings" about={data.more ? `The worst of more than ${data.items.length}: ${tally(room === null ? all : shown)}` : tally(room === null ? all : shown)} flush busy={isFetching}>
        <RoomFilter rooms={all.map(({ from = '' }) => from)} chosen={room} onChoose={(name) => set({ room: name })} />
        {shown.length > 0 ? <Findings key={room} items={shown} first={room === null ? 8 : 25} label="Findings" renderNote={(item) => <Alike kind={kinds?.find(([first]) => first === item)} onShow={() => set({ room: item.from ?? null })} />} renderAction={mayDecide ? (item) => <DecideButton item={item} target={target} /> : undefined} /> : <Nothing complete={data.unmeasured.length === 0} room={room} />}
        {decided.length > 0 ? <Decided items={decided} target={target} mayDecide={mayDecide} /> : null}
      </Card>
      {data.unmeasured.length > 0 ? <UnmeasuredList items={data.unmeasured} places={places} target={target} /> : null}
    </div>
  );
}

type Located = FoundItem & ShownFinding;

/** Of thirty findings that say the same of thirty objects the overview shows the costliest: the others are one click away, in their room. */
function byKind(items: readonly Located[]): [Located, ...Located[]][] {
  const kinds = new Map<string, [Located, ...Located[]]>();
  for (const item of items) {
    const kind = `${item.diagnostic} ${item.code} ${item.severity}`;
    const known = kinds.get(kind);
    if (known) known.push(item);
    else kinds.set(kind, [item]);
  }
  return [...kinds.values()];
}

function Alike({ kind, onShow }: { kind: [Located, ...Located[]] | undefined; onShow: () => void }) {
  if (!kind || kind.length === 1) return null;
  return <p className="mt-1 text-xs"><button type="button" onClick={onShow} className="rounded-sm font-medium text-accent hover:underline">{kind.length - 1} more like this</button> <span className="text-faint">in {kind[0].from ?? 'other rooms'}</span></p>;
}

type DecidedItem = FindingsAnswer['decided'][number] & ShownFinding;

/** Out of the way, not out of the world: what was left be is one click away, with who and why. */
function Decided({ items, target, mayDecide }: { items: readonly DecidedItem[]; target: string; mayDecide: boolean }) {
  return (
    <div className="border-t border-line px-4 py-2.5">
      <Disclosure summary={`${items.length} snoozed or accepted`}>
        <div className="-mx-4">
          <Findings
            items={items}
            first={20}
            label="Snoozed or accepted"
            renderNote={(item) => <DecisionNote decision={item.decision} />}
            renderAction={mayDecide ? (item) => <ReopenButton item={item} target={target} /> : undefined}
          />
        </div>
      </Disclosure>
    </div>
  );
}

function located<T extends FoundItem>(item: T, places: DiagnosticPlaces, target: string): T & ShownFinding {
  const place = places[item.diagnostic];
  return place ? { ...item, href: withTarget(`${place.href}&about=${encodeURIComponent(objectOf(item))}`, target), from: place.room } : item;
}

function tally(items: readonly FoundItem[]): string {
  const counts = severities.map((severity) => ({ severity, count: items.filter((item) => item.severity === severity).length }));
  const words = { critical: 'critical', warning: 'to look at', info: 'to know' };
  return counts.filter(({ count }) => count > 0).map(({ severity, count }) => `${count} ${words[severity]}`).join(', ');
}

/** Nothing found is only good news where everything was measured. */
function Nothing({ complete, room }: { complete: boolean; room: string | null }) {
  if (room !== null) return <EmptyState title={`Nothing found in ${room}`}>{complete ? 'Every question was asked and none found anything there.' : 'Some questions could not be asked: see below.'}</EmptyState>;
  return complete ? (
    <EmptyState icon={<CircleCheck className="size-5 text-ok" />} title="Nothing needs attention">Every question was asked and none found anything.</EmptyState>
  ) : (
    <EmptyState title="Nothing found in what was measured">Some questions could not be asked: see below.</EmptyState>
  );
}
