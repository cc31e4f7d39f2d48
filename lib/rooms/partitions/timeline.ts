import { axisOf, type Range } from './time-axis';
import { boundsOf, partsOn, runwayOf, type Part } from './runway';
import type { Member, Parent } from './tree-sql';

export type Branch = { id: string; total_bytes: number; row_estimate: number | null };

type Stretch = {
  tab: string; part: string; state: 'held' | 'gap' | 'overlap' | 'outside' | 'end'; from_at: string | null; to_at: string | null;
  part_count: number; gap_count: number; total_bytes: number | null; row_estimate: number | null;
};

export type TimelineRow = Stretch & { place: number };

/** Rows of a page: more tables are drawn coarser, and beyond so many the smaller ones not at all. */
const mostRows = 96;
export const mostTables = 8;
const leastEach = 10;

type Item = Range & { kind: 'held' | 'gap' | 'overlap'; id: string | null };
type Drawn = { table: Parent; items: Item[]; members: Map<string, Member>; bytes: number };

const iso = (ms: number): string | null => (Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : null);

/** Partitions in order, with what lies between two of them and what two of them share (possible where several columns are the key). */
function itemsOf(parts: Part[]): Item[] {
  const items: Item[] = [];
  let reached: number | null = null;
  for (const { id, from, to } of parts.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (reached !== null && from > reached) items.push({ kind: 'gap', id: null, from: reached, to: from });
    if (reached !== null && from < reached) items.push({ kind: 'overlap', id: null, from, to: Math.min(reached, to) });
    items.push({ kind: 'held', id, from, to });
    reached = reached === null ? to : Math.max(reached, to);
  }
  return items;
}

/** The range-partitioned tables whose key is a time, as stretches along it; neighbours are drawn as one where there are many. */
export function timelineOf(tables: Parent[], every: Parent[], under: ReadonlyMap<string, Member[]>, sizes: ReadonlyMap<string, Branch>): TimelineRow[] {
  const drawn = tables.flatMap((table): Drawn[] => {
    const bounds = table.strategy === 'r' ? boundsOf(under.get(table.id) ?? []) : [];
    const axis = axisOf(table.key_type, bounds.map(({ ends: [from, to] }) => [from.first, to.first]));
    if (!axis) return [];
    const members = new Map((under.get(table.id) ?? []).map((member) => [member.id, member]));
    return [{ table, items: itemsOf(partsOn(axis, bounds)), members, bytes: sizes.get(table.id)?.total_bytes ?? 0 }];
  });
  const chosen = drawn.toSorted((a, b) => b.bytes - a.bytes).slice(0, mostTables);
  const each = Math.max(leastEach, Math.floor(mostRows / Math.max(1, chosen.length)) - 2);
  return chosen.flatMap((one) => [...held(one, each, sizes), ...outside(one, sizes), ...end(one, every, under)]).map((row, place) => ({ ...row, place }));
}

function held({ table, items, members }: Drawn, most: number, sizes: ReadonlyMap<string, Branch>): Stretch[] {
  const size = Math.ceil(items.length / most);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size)).map((group): Stretch => {
    const parts = group.flatMap(({ id }) => (id === null ? [] : [id]));
    const known = parts.map((id) => sizes.get(id));
    const rows = known.map((one) => one?.row_estimate ?? null);
    const [first] = group;
    const gaps = group.filter(({ kind }) => kind === 'gap').length;
    return {
      tab: table.tab, part: nameOf(parts.map((id) => members.get(id)?.part ?? '')), state: parts.length > 0 ? 'held' : (first?.kind ?? 'gap'),
      from_at: iso(Math.min(...group.map(({ from }) => from))), to_at: iso(Math.max(...group.map(({ to }) => to))), part_count: parts.length, gap_count: gaps,
      total_bytes: parts.length === 0 ? null : known.reduce((sum, one) => sum + (one?.total_bytes ?? 0), 0),
      row_estimate: parts.length === 0 || rows.includes(null) ? null : rows.reduce<number>((sum, count) => sum + (count ?? 0), 0),
    };
  });
}

function nameOf(parts: string[]): string {
  if (parts.length < 2) return parts[0] ?? '';
  return `${parts[0]} to ${parts.at(-1)}`;
}

/** DEFAULT holds what found no partition, of any time. */
function outside({ table, members }: Drawn, sizes: ReadonlyMap<string, Branch>): Stretch[] {
  const fallback = [...members.values()].find(({ bound }) => bound === 'DEFAULT');
  if (!fallback) return [];
  const size = sizes.get(fallback.id);
  return [{ tab: table.tab, part: fallback.part, state: 'outside', from_at: null, to_at: null, part_count: 1, gap_count: 0, total_bytes: size?.total_bytes ?? null, row_estimate: size?.row_estimate ?? null }];
}

/** The moment up to which rows dated now and later find a partition. */
function end({ table }: Drawn, every: Parent[], under: ReadonlyMap<string, Member[]>): Stretch[] {
  const runway = runwayOf(table, under.get(table.id) ?? [], every.find(({ id }) => id === table.parent_id));
  if (runway.covered_until === null) return [];
  const says = runway.state === 'ended' ? `partitions ended; rows of now ${runway.then_rows}` : `then rows ${runway.then_rows}`;
  return [{ tab: table.tab, part: says, state: 'end', from_at: runway.covered_until, to_at: null, part_count: 0, gap_count: 0, total_bytes: null, row_estimate: null }];
}
