import type { Database } from '@/lib/db/client';
import { ShortLived } from '@/lib/kit/short-lived';
import { sql } from '@/lib/pg/sql';
import { isoTime } from './json';

/** Beyond this many partitions, planning over all of them costs more than asking for few of them first. */
export const fewMonths = 24;

const known = new ShortLived<string[]>(60_000);

const partitions = sql`
  select ${isoTime(sql`s.start`)} as start
  from pg_inherits i join pg_class c on c.oid = i.inhrelid,
    lateral (select (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''([^'']+)''\\)'))[1]::timestamptz as start) s
  where i.inhparent = 'public.risk_assessments'::regclass and s.start is not null
  order by s.start`;

/** For tests that make partitions. */
export const resetMonths = (): void => known.clear();

/** The first instants of the months that have a partition, oldest first; at most a minute old. */
export const monthStarts = (db: Database): Promise<string[]> => known.get('', async () => (await db.rows<{ start: string }>(partitions)).map(({ start }) => start));

/** Whether statements are better planned for their values each time. */
export const hasManyMonths = async (db: Database): Promise<boolean> => (await monthStarts(db)).length > fewMonths;

/** Part of the time line, `from` included, `to` not; null is without end. */
export type Span = { from: string | null; to: string | null };

/**
 * Spans that a list in order of time asks one after the other until it has enough rows, each wider than the one before:
 * a page then plans over the partitions that it reads and not over every one there is. The first is half a year, because
 * the coming months have partitions too.
 */
export function widening(starts: string[], { from, to, descending }: Span & { descending: boolean }): Span[] {
  const inside = starts.filter((start, index) => (to === null || start < to) && (from === null || (starts[index + 1] ?? '9') > from));
  if (inside.length <= fewMonths) return [{ from, to }];
  const steps = [6, fewMonths].map((months) => (descending ? { from: inside.at(-months) ?? from, to } : { from, to: inside[months] ?? to }));
  return [...steps, { from, to }];
}
