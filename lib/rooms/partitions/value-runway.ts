import type { Ask } from '@/lib/kit/diagnostic';
import { countingSince } from '@/lib/pg/counters';
import { qualified } from '@/lib/pg/relations';
import { array, sql } from '@/lib/pg/sql';
import { blank, boundsOf, cannotTell, contiguous, gapsBetween, nextPartition, ofSeveral, partsOn, type Part, type RunwayRow } from './runway';
import { isNextval, type Member, type Parent } from './tree-sql';

/** The sequence that fills a table's key, and what came in since the counters began. */
export type Standing = {
  id: string; seq: string; feeders: number; readable: boolean; last_value: number | null; step: number; start: number; since_ms: number | null;
  /** Rows inserted since then, by partition directly under the table. */
  inserted: { part: string; rows: number }[];
};

const dayMs = 86_400_000;
/** Sequences of identity columns and of defaults. pg_sequence_last_value fails without a right to the sequence, and for an unlogged one on a standby. */
export const standings = (ask: Ask, ids: string[]): Promise<Standing[]> => ask<Standing>(sql`
  with recursive k as (
    select p.partrelid, p.partattrs[0] as num from pg_partitioned_table p where p.partrelid = any (${array(ids)}::oid[])
  ), feeder as (
    select k.partrelid, d.objid as seq from k join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = k.partrelid and d.refobjsubid = k.num
      and d.classid = 'pg_class'::regclass and d.deptype = 'i'
    union
    select k.partrelid, d.refobjid from k join pg_attrdef f on f.adrelid = k.partrelid and f.adnum = k.num and ${isNextval}
      join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
  ), part(top, direct, oid) as (
    select i.inhparent, i.inhrelid, i.inhrelid from pg_inherits i where i.inhparent in (select partrelid from feeder)
    union all
    select part.top, part.direct, i.inhrelid from part join pg_inherits i on i.inhparent = part.oid
  ), counted as (
    select part.top, part.direct, sum(coalesce(pg_stat_get_tuples_inserted(part.oid), 0))::float8 as rows from part group by part.top, part.direct
  )
  select f.partrelid::text as id, ${qualified} as seq, (count(*) over (partition by f.partrelid))::int as feeders, r.readable,
    case when r.readable then pg_sequence_last_value(c.oid) end::float8 as last_value, q.seqincrement::float8 as step, q.seqstart::float8 as start,
    extract(epoch from ${countingSince})::float8 * 1000 as since_ms,
    (select coalesce(json_agg(json_build_object('part', d.direct::text, 'rows', d.rows)), '[]') from counted d where d.top = f.partrelid) as inserted
  from feeder f join pg_class c on c.oid = f.seq join pg_namespace n on n.oid = c.relnamespace join pg_sequence q on q.seqrelid = c.oid
    cross join lateral (select coalesce(has_sequence_privilege(c.oid, 'select, usage'), false) and not (c.relpersistence = 'u' and pg_is_in_recovery()) as readable) r`);

const numbers = {
  kind: 'number',
  zoned: false,
  read: (text: string) => (/^-?\d+$/.test(text) ? Number(text) : null),
  write: (value: number) => BigInt(Math.round(value)).toString(),
};

/** What the next values of a table's sequence will hit: certain in values; in time only as far as the rows counted tell. */
export function valueRunwayOf(parent: Parent, partitions: Member[], found: Standing[], rateDays: number): RunwayRow {
  const [standing] = found;
  if (!standing) return cannotTell(parent, `${parent.key_type ?? 'a number'}: no time, and no sequence fills it`);
  const { seq, last_value: last, step, start } = standing;
  if (standing.feeders > 1) return cannotTell(parent, 'values of several sequences');
  if (!standing.readable) return cannotTell(parent, `values of ${seq}, which this role may not read`);
  if (step <= 0) return cannotTell(parent, `values of ${seq}, which counts down`);
  if (last === null) return cannotTell(parent, `values of ${seq}, which has given none yet`);
  const parts = partsOn(numbers, boundsOf(partitions));
  const blocks = contiguous(parts);
  const next = Math.max(last + step, start);
  const current = blocks.find(({ from, to }) => from <= next && next < to);
  const ahead = blocks.filter(({ to }) => to > next);
  const told: RunwayRow = { ...blank(parent), reads_as: ofSeveral(`values of ${seq}`, parent), ...gapsBetween(ahead, numbers) };
  if (!current) return { ...told, state: 'ended', left_ms: 0, left_values: 0, next_sql: nextByValue(parent, parts, next) };
  if (!Number.isFinite(current.to)) return { ...told, state: 'open end' };
  const left = Math.floor((current.to - next) / step);
  const rate = rowsPerMs(standing, parts, parent.now_ms, rateDays * dayMs);
  const until = rate === null ? null : left / rate;
  return {
    ...told, state: 'covered', left_values: left, per_day: rate === null ? null : rate * dayMs, used_ratio: usedOfLast(parts, current, next),
    left_ms: until, covered_until: until === null || until > 1e13 ? null : new Date(parent.now_ms + until).toISOString(), next_sql: nextByValue(parent, parts, current.to),
  };
}

/**
 * Rows a millisecond since the counters began. A partition that was dropped since took its count with it, so the rate is known only where none can be missing: the lowest
 * partition is the sequence’s first, or got no row since, because keys only grow.
 */
function rowsPerMs({ inserted, since_ms: since, start }: Standing, parts: Part[], now: number, least: number): number | null {
  const lowest = parts.toSorted((a, b) => a.from - b.from)[0];
  const rows = inserted.reduce((sum, part) => sum + part.rows, 0);
  if (since === null || !lowest || rows === 0 || now - since < least || now <= since) return null;
  const nothingLost = lowest.from <= start || (inserted.find(({ part }) => part === lowest.id)?.rows ?? 0) === 0;
  return nothingLost ? rows / (now - since) : null;
}

/** How much of the last partition before the end is used; 0 while the values have not reached it. */
function usedOfLast(parts: Part[], { to }: Part, next: number): number | null {
  const last = parts.find((part) => part.to === to);
  return last && Number.isFinite(last.from) ? Math.max(0, (next - last.from) / (last.to - last.from)) : null;
}

function nextByValue(parent: Parent, parts: Part[], end: number): string | null {
  const last = parts.filter(({ to }) => to <= end).toSorted((a, b) => b.to - a.to)[0];
  if (!last || !Number.isFinite(last.from) || !Number.isFinite(last.to) || Math.abs(last.to) > Number.MAX_SAFE_INTEGER) return null;
  const following = Math.min(...parts.map(({ from }) => from).filter((from) => from > last.to || (from === last.to && last.toRest === '')));
  // It reaches over the next value, however far that is past the last partition.
  const to = Math.min(Math.max(last.to + (last.to - last.from), end + (last.to - last.from)), following);
  return to <= last.to ? null : nextPartition(parent, { from: numbers.write(last.to), to: numbers.write(to), rest: last.toRest, suffix: numbers.write(last.to).replace('-', 'm') });
}
