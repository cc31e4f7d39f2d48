import { ident, literal, render, sql } from '@/lib/pg/sql';
import { axisOf, ends, nextEnd, rangeOn, type Axis, type Range } from './time-axis';
import type { Member, Parent } from './tree-sql';

export type RunwayRow = {
  tab: string; key: string; reads_as: string; state: 'cannot tell' | 'open end' | 'within its parent' | 'covered' | 'ended';
  covered_until: string | null; left_ms: number | null; then_rows: 'go to DEFAULT' | 'are refused'; gap_count: number | null; gaps: string; next_sql: string | null;
};

const iso = (ms: number) => new Date(ms).toISOString();
/** Beyond what a JavaScript date can say there is no end that matters. */
const writable = (ms: number) => Math.abs(ms) < 8.64e15;

/** Ranges in order, those that touch made one. */
function contiguous(ranges: Range[]): Range[] {
  const joined: Range[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** What rows dated now and later will hit, of one range-partitioned table. */
export function runwayOf(parent: Parent, partitions: Member[], above: Parent | undefined): RunwayRow {
  const then: RunwayRow['then_rows'] = parent.has_default ? 'go to DEFAULT' : 'are refused';
  const base = { tab: parent.tab, key: parent.key, then_rows: then };
  const unknown = (why: string): RunwayRow => ({ ...base, reads_as: why, state: 'cannot tell', covered_until: null, left_ms: null, gap_count: null, gaps: '', next_sql: null });
  if (parent.key_type === null) return unknown('a key of several columns or an expression');
  // A partition being detached takes no rows any more.
  const bounds = partitions.filter((member) => !member.pending && member.bound !== 'DEFAULT').flatMap((member) => ends(member.bound) ?? []);
  const pairs = Array.from({ length: bounds.length / 2 }, (_, index): [string, string] => [bounds[index * 2] ?? '', bounds[index * 2 + 1] ?? '']);
  const axis = axisOf(parent.key_type, pairs);
  if (!axis) return unknown(pairs.length === 0 ? 'no bounds yet' : `${parent.key_type}, not a time by its bounds`);
  const ranges = pairs.flatMap((pair) => rangeOn(axis, pair) ?? []);
  const blocks = contiguous(ranges);
  const own = ownRange(parent, above);
  const gaps = blocks.slice(1).map((block, index): Range => ({ from: blocks[index]?.to ?? 0, to: block.from }));
  const told = { ...base, reads_as: axis.kind, gap_count: gaps.length, gaps: gaps.slice(0, 5).map(({ from, to }) => `${axis.write(from)} to ${axis.write(to)}`).join(', ') };
  return { ...told, ...outlook(parent, { axis, ranges, blocks, own }) };
}

/** The moments that a sub-partitioned table can hold at all, where the table above is partitioned by the same column. */
function ownRange(parent: Parent, above: Parent | undefined): Range | null {
  const pair = ends(parent.parent_bound);
  if (!pair || !above || above.key !== parent.key || above.strategy !== 'r') return null;
  const axis = axisOf(above.key_type, [pair]);
  return axis && rangeOn(axis, pair);
}

type Known = { axis: Axis; ranges: Range[]; blocks: Range[]; own: Range | null };

function outlook(parent: Parent, { axis, ranges, blocks, own }: Known): Pick<RunwayRow, 'state' | 'covered_until' | 'left_ms' | 'next_sql'> {
  const now = parent.now_ms;
  const past = own !== null && (now < own.from || now >= own.to);
  const current = blocks.find(({ from, to }) => from <= now && now < to);
  if (past || (own && current && current.to >= own.to)) return { state: 'within its parent', covered_until: null, left_ms: null, next_sql: null };
  if (current && !writable(current.to)) return { state: 'open end', covered_until: null, left_ms: null, next_sql: null };
  const before = blocks.filter(({ to }) => to <= now).at(-1);
  const end = current?.to ?? before?.to ?? null;
  return {
    state: current ? 'covered' : 'ended', covered_until: end === null || !writable(end) ? null : iso(end), left_ms: current ? current.to - now : 0,
    next_sql: end === null || !writable(end) ? null : nextPartition(parent, { axis, ranges, end, own }),
  };
}

/** CREATE … LIKE and ATTACH: a lock on the parent that lets reads and writes go on, where CREATE … PARTITION OF would not. */
function nextPartition(parent: Parent, { axis, ranges, end, own }: Omit<Known, 'blocks'> & { end: number }): string | null {
  const last = ranges.find(({ to }) => to === end);
  if (!last || !writable(last.from)) return null;
  const following = Math.min(...ranges.map(({ from }) => from).filter((from) => from >= end), own?.to ?? Infinity);
  const to = Math.min(nextEnd(last), following);
  if (to <= end) return null;
  const whole = end % 86_400_000 === 0;
  const suffix = new Date(end).toISOString().slice(0, whole ? 10 : 16).replaceAll(/[-:T]/g, '_');
  const table = ident(parent.schema_name, `${parent.rel_name.slice(0, 40)}_${suffix}`);
  const of = ident(parent.schema_name, parent.rel_name);
  const create = render(sql`CREATE TABLE ${table} (LIKE ${of} INCLUDING ALL);`).text;
  const attach = render(sql`ALTER TABLE ${of} ATTACH PARTITION ${table} FOR VALUES FROM (${literal(axis.write(end))}) TO (${literal(axis.write(to))});`).text;
  const scan = parent.has_default ? '-- ATTACH reads DEFAULT under ACCESS EXCLUSIVE on it, and fails while rows of this range are in it\n' : '';
  return `${scan}SET lock_timeout = '3s';\n${create}\n${attach}`;
}
