import type { Ask } from '@/lib/kit/diagnostic';
import { quoteName } from '@/lib/pg/parser';
import type { RelationFacts } from '@/lib/pg/relation-facts';
import { array, sql } from '@/lib/pg/sql';
import { formatCount } from '@/lib/units';
import { countingSince } from './catalog';
import type { Candidate } from './advice-candidates';

/** Of a table with its partitions, since the statistics were reset. */
export type Writes = { oid: string; inserts: number; updates: number; hot: number; days: number | null };

export async function writesOf(ask: Ask, relations: RelationFacts[]): Promise<Map<string, Writes>> {
  const pairs = relations.flatMap(({ oid, leaves }) => leaves.map((leaf) => ({ oid, leaf: leaf.oid })));
  const rows = await ask<Writes>(sql`
      select p.oid::text as oid, sum(pg_stat_get_tuples_inserted(p.leaf))::float8 as inserts, sum(pg_stat_get_tuples_updated(p.leaf))::float8 as updates, sum(pg_stat_get_tuples_hot_updated(p.leaf))::float8 as hot,
        (select extract(epoch from clock_timestamp() - ${countingSince}) / 86400)::float8 as days
      from unnest(${array(pairs.map(({ oid }) => oid))}::oid[], ${array(pairs.map(({ leaf }) => leaf))}::oid[]) p (oid, leaf) group by p.oid`);
  return new Map(rows.map((row) => [row.oid, row]));
}

export type Statistics = { oid: string; column: string; width: number; nulls: number };

/** Of the columns that this role may read. */
export async function statisticsOf(ask: Ask, relations: RelationFacts[]): Promise<Statistics[]> {
  return ask<Statistics>(sql`
      select distinct on (o.oid, s.attname) o.oid::text as oid, s.attname::text as "column", s.avg_width::float8 as width, s.null_frac::float8 as nulls
      from unnest(${array(relations.map(({ oid }) => oid))}::oid[], ${array(relations.map(({ schema }) => schema))}::text[], ${array(relations.map(({ name }) => name))}::text[]) o (oid, schema, name)
        join pg_stats s on s.schemaname = o.schema and s.tablename = o.name
      order by o.oid, s.attname, s.inherited desc`);
}

const widths: Record<string, number> = { boolean: 1, smallint: 2, integer: 4, date: 4, real: 4, oid: 4, bigint: 8, 'double precision': 8, uuid: 16, 'timestamp with time zone': 8, 'timestamp without time zone': 8, interval: 16, numeric: 8 };
/** Where neither the type nor statistics tell. */
const unknownWidth = 24;

const slack = 3;
const perEntry = 12;
const filled = 0.9;

/**
 * A line pointer and a header an entry (12 bytes), the columns to multiples of 8, pages nine tenths full. Entries of equal keys share pages better than that,
 * so it is the most that a fresh index takes. A condition on NULL counts by its statistics; of others the share of rows is not known.
 */
export function sizeOf({ relation, keys, includes, predicate }: Candidate, statistics: Statistics[]): number | null {
  if (relation.rows === null) return null;
  const own = statistics.filter(({ oid }) => oid === relation.oid);
  const width = (column: string | null) => own.find((one) => one.column === column)?.width ?? widths[relation.columns.find(({ name }) => name === column)?.type ?? ''] ?? unknownWidth;
  const isFixed = (column: string | null) => relation.columns.some(({ name, type }) => name === column && type in widths && type !== 'numeric');
  const columns = [...keys.map(({ column }) => column), ...includes];
  // Values of varying length are wider than their average in half of the rows, and fill up to a multiple of 8 there.
  const bytes = columns.reduce((sum, column) => sum + width(column) + (isFixed(column) ? 0 : slack), 0);
  const share = predicate === null ? 1 : shareOf(predicate, own);
  return share === null ? null : (relation.rows * share * (perEntry + Math.ceil(bytes / 8) * 8)) / filled;
}

function shareOf(predicate: string, statistics: Statistics[]): number | null {
  const [, column, not] = /^("(?:[^"]|"")+"|[a-z_0-9]+) IS (NOT )?NULL$/.exec(predicate) ?? [];
  const known = column === undefined ? undefined : statistics.find((one) => one.column === column.replaceAll(/^"|"$/g, '').replaceAll('""', '"'));
  return known ? (not ? 1 - known.nulls : known.nulls) : null;
}

/** What keeps an index as it is: one entry an insert, and one for each update that is not HOT. */
export const entriesPerDay = ({ inserts, updates, hot, days }: Writes): number | null => (days === null || days < 1 ? null : (inserts + updates - hot) / days);

/** The cost for those who write, in words. `sets` are the columns that captured UPDATEs assign. */
export function writeCost(candidate: Candidate, writes: Writes | undefined, sets: Set<string>): string {
  if (!writes) return 'What is written to the table is not known.';
  const { inserts, updates, hot, days } = writes;
  if (inserts + updates === 0) return 'Nothing was inserted or updated since the statistics were reset.';
  const each = entriesPerDay(writes);
  const since = days !== null && days < 1 ? 'since the statistics were reset, less than a day ago' : 'since the statistics were reset';
  const rate = each === null ? `${formatCount(inserts + updates - hot)} new entries ${since}` : `about ${formatCount(Math.ceil(each))} new entries a day`;
  const stored = new Set([...candidate.keys.map(({ column }) => column), ...candidate.includes]);
  // A column that is indexed already prevents HOT as it is.
  const indexed = new Set(candidate.relation.indexes.flatMap((index) => [...index.keys.map(({ of }) => of), ...index.includes]));
  const changed = [...sets].filter((column) => stored.has(column) && !indexed.has(quoteName(column)));
  const lost = changed.length > 0 && hot > 0 ? `; updates that change ${changed.join(' or ')} stop being HOT (${formatCount(hot)} of ${formatCount(updates)} updates were)` : '';
  return `${rate[0]?.toUpperCase()}${rate.slice(1)}${lost}.`;
}
