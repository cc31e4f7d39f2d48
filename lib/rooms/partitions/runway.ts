import { ident, literal, render, sql } from '@/lib/pg/sql';
import { agreed, endOf, readingsOf } from './periods';
import { axisOf, ends, rangeEnds, rangeOn, type Axis, type End, type Range } from './time-axis';
import type { Member, Parent } from './tree-sql';

export type RunwayRow = {
  tab: string; key: string; reads_as: string; state: 'cannot tell' | 'no partition' | 'open end' | 'within its parent' | 'covered' | 'ended';
  covered_until: string | null; left_ms: number | null; left_values: number | null; per_day: number | null; used_ratio: number | null;
  then_rows: 'go to DEFAULT' | 'are refused'; gap_count: number | null; gaps: string; next_sql: string | null;
};

/** One partition on the axis of the first key column, with what the other columns start and end with. */
export type Part = Range & { id: string; fromRest: string; toRest: string };

const iso = (ms: number) => new Date(ms).toISOString();
/** Beyond what a JavaScript date can say there is no end that matters. */
const writable = (ms: number) => Math.abs(ms) < 8.64e15;

export const thenRows = (parent: Parent): RunwayRow['then_rows'] => (parent.has_default ? 'go to DEFAULT' : 'are refused');

/** Partitions that take rows, with their bounds; one being detached takes none any more. */
export const boundsOf = (partitions: Member[]): { id: string; ends: [End, End] }[] =>
  partitions.flatMap((member) => {
    const pair = member.pending ? null : rangeEnds(member.bound);
    return pair ? [{ id: member.id, ends: pair }] : [];
  });

export const partsOn = (axis: Parameters<typeof rangeOn>[0], bounds: ReturnType<typeof boundsOf>): Part[] =>
  bounds.flatMap(({ id, ends: [from, to] }) => {
    const range = rangeOn(axis, [from.first, to.first]);
    return range ? [{ ...range, id, fromRest: from.rest, toRest: to.rest }] : [];
  });

/** Ranges in order, those that touch made one. Of several key columns the others must meet as well where the first ones do. */
export function contiguous(parts: Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    const last = joined.at(-1);
    if (last && (part.from < last.to || (part.from === last.to && part.fromRest === last.toRest))) {
      if (part.to >= last.to) Object.assign(last, { to: part.to, toRest: part.toRest });
    } else joined.push({ ...part });
  }
  return joined;
}

/** What lies between the blocks, as a person reads it. */
export function gapsBetween(blocks: Part[], axis: Axis): { gap_count: number; gaps: string } {
  const gaps = blocks.slice(1).map((block, index): Range => ({ from: blocks[index]?.to ?? 0, to: block.from }));
  const text = ({ from, to }: Range) => (from === to ? `${axis.write(from)} with some values of the other columns` : `${axis.write(from)} to ${axis.write(to)}`);
  return { gap_count: gaps.length, gaps: gaps.slice(0, 5).map(text).join(', ') };
}

export const ofSeveral = (kind: string, { key_columns: columns }: Parent): string => (columns > 1 ? `${kind}, the first of ${columns} columns` : kind);

/** Nothing takes its rows, but DEFAULT where there is one. */
const hasNone = (partitions: Member[]): boolean => partitions.every(({ pending, bound }) => pending || bound === 'DEFAULT');

/** What rows dated now and later will hit, of one range-partitioned table whose key is a time, or of any that has no partition. */
export function runwayOf(parent: Parent, partitions: Member[], above: Parent | undefined): RunwayRow {
  if (hasNone(partitions)) return { ...blank(parent), state: 'no partition', reads_as: ofSeveral(axisOf(parent.key_type, [['MINVALUE', 'MAXVALUE']])?.kind ?? 'no bounds yet', parent), left_ms: 0 };
  if (parent.key_type === null) return cannotTell(parent, parent.whole ? 'values of a sequence' : 'a key that is an expression');
  const bounds = boundsOf(partitions);
  const axis = axisOf(parent.key_type, bounds.map(({ ends: [from, to] }) => [from.first, to.first]));
  if (!axis) return cannotTell(parent, `${parent.key_type}, not a time by its bounds`);
  const parts = partsOn(axis, bounds);
  const blocks = contiguous(parts);
  const own = ownRange(parent, above);
  return { ...blank(parent), reads_as: ofSeveral(axis.kind, parent), ...gapsBetween(blocks, axis), ...outlook(parent, { axis, parts, blocks, own }) };
}

export const blank = (parent: Parent): RunwayRow => ({
  tab: parent.tab, key: parent.key, reads_as: '', state: 'cannot tell', covered_until: null, left_ms: null, left_values: null, per_day: null, used_ratio: null,
  then_rows: thenRows(parent), gap_count: null, gaps: '', next_sql: null,
});

export const cannotTell = (parent: Parent, why: string): RunwayRow => ({ ...blank(parent), reads_as: why });

/** The moments that a sub-partitioned table can hold at all, where the table above is partitioned by the same column. */
function ownRange(parent: Parent, above: Parent | undefined): Range | null {
  const pair = ends(parent.parent_bound);
  if (!pair || !above || above.key !== parent.key || above.strategy !== 'r') return null;
  const axis = axisOf(above.key_type, [pair]);
  return axis && rangeOn(axis, pair);
}

type Known = { axis: Axis; parts: Part[]; blocks: Part[]; own: Range | null };

function outlook(parent: Parent, { axis, parts, blocks, own }: Known): Pick<RunwayRow, 'state' | 'covered_until' | 'left_ms' | 'next_sql'> {
  const now = parent.now_ms;
  const past = own !== null && (now < own.from || now >= own.to);
  const current = blocks.find(({ from, to }) => from <= now && now < to);
  if (past || (own && current && current.to >= own.to)) return { state: 'within its parent', covered_until: null, left_ms: null, next_sql: null };
  if (current && !writable(current.to)) return { state: 'open end', covered_until: null, left_ms: null, next_sql: null };
  const edge = current ?? blocks.filter(({ to }) => to <= now).at(-1) ?? null;
  const known = edge !== null && writable(edge.to);
  return {
    state: current ? 'covered' : 'ended', covered_until: known ? iso(edge.to) : null, left_ms: current ? current.to - now : 0,
    next_sql: known ? nextInTime(parent, { axis, parts, edge, own }) : null,
  };
}

function nextInTime(parent: Parent, { axis, parts, edge, own }: Omit<Known, 'blocks'> & { edge: Part }): string | null {
  const end = edge.to;
  const last = parts.find(({ to, toRest }) => to === end && toRest === edge.toRest);
  if (!last || !writable(last.from)) return null;
  const following = Math.min(...parts.map(({ from }) => from).filter((from) => from > end || (from === end && last.toRest === '')), own?.to ?? Infinity);
  const next = agreed(readingsOf('as before', [...parts.filter((part) => part !== last), last]).map((period) => endOf(period, end)));
  const to = Math.min(next ?? end, following);
  const whole = end % 86_400_000 === 0;
  const suffix = new Date(end).toISOString().slice(0, whole ? 10 : 16).replaceAll(/[-:T]/g, '_');
  return to <= end ? null : nextPartition(parent, { from: axis.write(end), to: axis.write(to), rest: last.toRest, suffix });
}

type Next = { from: string; to: string; /** The other key columns’ values, as the catalog has them. */ rest: string; suffix: string };

/** CREATE … LIKE and ATTACH: a lock on the parent that lets reads and writes go on, where CREATE … PARTITION OF would not. From 17 on a table with an identity of its own is not attached. */
export function nextPartition(parent: Parent, { from, to, rest, suffix }: Next): string {
  const table = ident(parent.schema_name, `${parent.rel_name.slice(0, 40)}_${suffix}`);
  const of = ident(parent.schema_name, parent.rel_name);
  const create = render(sql`CREATE TABLE ${table} (LIKE ${of} INCLUDING ALL EXCLUDING IDENTITY);`).text;
  const value = (text: string) => `${render(literal(text)).text}${rest === '' ? '' : `, ${rest}`}`;
  const attach = `${render(sql`ALTER TABLE ${of} ATTACH PARTITION ${table}`).text} FOR VALUES FROM (${value(from)}) TO (${value(to)});`;
  const scan = parent.has_default ? '-- ATTACH reads DEFAULT under ACCESS EXCLUSIVE on it, and fails while rows of this range are in it\n' : '';
  return `${scan}SET lock_timeout = '3s';\n${create}\n${attach}`;
}
