import 'server-only';
import { database } from '@/lib/db/client';
import { sampleKey, type Sample } from '@/lib/kit/history';
import type { Measured, Row } from '@/lib/kit/result';
import { sql } from '@/lib/pg/sql';
import type { Registered } from './registry';

const numberOf = (value: Row[string] | undefined): number | null => (typeof value === 'number' ? value : null);

/** A measured answer as a sample: the declared values of each row. */
export function sampleOf({ diagnostic }: Registered, { at, stats_since: since, rows }: Pick<Measured, 'at' | 'stats_since' | 'rows'>): Sample {
  const values = diagnostic.sample?.values ?? [];
  return { at, since, rows: new Map(rows.map((row) => [sampleKey(row, diagnostic.key), Object.fromEntries(values.map((column) => [column, numberOf(row[column])]))])) };
}

type Stored = { asked_at: string; at: string; since: string | null; columns: string[]; rows: Record<string, (number | null)[]> };

/** As many points as a chart can show. */
const mostSamples = 120;

/** The kept samples of the last days, the oldest first, thinned to what a chart can show: of each stretch of time the last one. `at` is now, by the clock that dated them. */
export async function samplesOf(target: string, id: string, days: number): Promise<{ samples: Sample[]; at: string | null }> {
  const stored = await database().rows<Stored>(sql`
    select distinct on (s.stretch) now() as asked_at, s.at, s.since, s.columns, s.rows
    from (
      select *, date_bin(make_interval(secs => ${(days * 86_400) / mostSamples}), at, '2000-01-01Z') as stretch
      from riskdesk.samples where target = ${target} and diagnostic = ${id} and at >= now() - make_interval(days => ${days})
    ) s
    order by s.stretch, s.at desc`);
  const samples = stored.map(({ at, since, columns, rows }) => ({
    at, since,
    rows: new Map(Object.entries(rows).map(([key, values]) => [key, Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null]))])),
  }));
  return { samples, at: stored[0]?.asked_at ?? null };
}
