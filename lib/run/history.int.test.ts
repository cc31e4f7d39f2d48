import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { useDatabase } from '@/test/database';
import { ask, askMeasured } from '@/test/ask';

const db = await useDatabase();
process.env.TARGETS = 'refusing=postgres://nobody:wrong@127.0.0.1:1/none?sslmode=disable';

const { diagnostics } = await import('./registry');
const { takeSample } = await import('./sampler');
const { closeMonitors } = await import('./monitor');

afterAll(closeMonitors);
beforeEach(async () => void (await db.sql('truncate riskdesk.samples')));

function entryOf(id: string) {
  const entry = diagnostics.get(id);
  if (!entry) throw new Error(`${id} is not declared`);
  return entry;
}

const keep = (id: string, target = 'main') => takeSample(entryOf(id), target);
const age = (interval: string) => db.sql(`update riskdesk.samples set at = at - interval '${interval}'`);
const count = async () => Number((await db.sql<{ n: string }>('select count(*) as n from riskdesk.samples'))[0]?.n);
const rowOf = (result: Awaited<ReturnType<typeof askMeasured>>, column: string, part: string) => result.rows.find((row) => String(row[column]).includes(part));

test('consoles that sample at once keep one sample, and the next one when it is due', async () => {
  const taken = await Promise.all(Array.from({ length: 6 }, () => keep('tables.size')));
  expect(taken.filter(Boolean)).toHaveLength(1);
  expect([await keep('tables.size'), await count()]).toEqual([false, 1]);
  await age('61 minutes');
  expect([await keep('tables.size'), await count()]).toEqual([true, 2]);
});

test('a sample that is older than it is to be kept goes; what cannot be measured leaves a gap', async () => {
  await keep('tables.size');
  await age('91 days');
  await keep('tables.size');
  expect(await count()).toBe(1);
  expect(await keep('tables.size', 'refusing')).toBe(false);
  expect(await db.sql(`select from riskdesk.samples where target = 'refusing'`)).toEqual([]);
});

test('tables.growth: too early is unmeasured; then what was filled shows by how much', async () => {
  await db.sql('create table "Grows ""fast""" (a text); insert into "Grows ""fast""" select repeat(md5(g::text), 10) from generate_series(1, 1000) g');
  // The sizes of a second ago are shared.
  await vi.waitFor(async () => expect(rowOf(await askMeasured('tables.size', { limit: '1000' }), 'tab', 'Grows')).toBeDefined(), { timeout: 10_000, interval: 300 });
  expect(await ask('tables.growth')).toMatchObject({ state: 'unmeasured', reason: { code: 'too_early' } });
  await keep('tables.size');
  expect(await ask('tables.growth')).toMatchObject({ state: 'unmeasured', reason: { code: 'too_early' } });
  await age('48 hours');
  await db.sql('insert into "Grows ""fast""" select repeat(md5(g::text), 10) from generate_series(1, 9000) g; create table newcomer (a int)');
  const [size] = await db.sql<{ bytes: string }>(`select pg_total_relation_size('"Grows ""fast"""') as bytes`);
  const result = await vi.waitFor(async () => {
    const now = await askMeasured('tables.growth');
    expect(rowOf(now, 'tab', 'Grows')).toMatchObject({ tab: 'public."Grows ""fast"""', total_bytes: Number(size?.bytes) });
    return now;
  }, { timeout: 10_000, interval: 300 });
  const row = rowOf(result, 'tab', 'Grows');
  expect(Number(row?.['grown_bytes'])).toBeGreaterThan(Number(size?.bytes) * 0.8);
  expect(Number(row?.['day_bytes'])).toBeCloseTo(Number(row?.['grown_bytes']) / 2, -3);
  expect(rowOf(result, 'tab', 'newcomer')).toMatchObject({ grown_bytes: null, day_bytes: null });
  const [line] = result.lines ?? [];
  expect([line?.label, line?.points.length]).toEqual(['public."Grows ""fast"""', 2]);
  expect(result.stats_since).not.toBeNull();
  expect(result.findings).toEqual([]);
});

test('tables.growth: a table that gained a gigabyte and half its size is a finding, after a day of seeing it', async () => {
  const grown = (hours: number) => {
    const entry = entryOf('tables.growth').diagnostic;
    return entry.findings([{ tab: 'public.a', total_bytes: 3 * 2 ** 30, grown_bytes: 2 ** 30, day_bytes: 2 ** 30, grown_ratio: 0.5, grown_rows: null, seen_ms: hours * 3_600_000 }] as never, { params: {}, server: null, context: null } as never);
  };
  expect(grown(25)).toMatchObject([{ code: 'tables.growing', about: 'public.a' }]);
  expect(grown(23)).toEqual([]);
});

test('queries.trend: a statement that became slower is found; across a reset nothing is said', async () => {
  const keepTotals = async (calls: number, mean: number, since: string, minutesAgo: number) => {
    const [statement] = (await askMeasured('queries.total', { q: 'slower_than_before' })).rows;
    const key = JSON.stringify([statement?.['queryid'], statement?.['userid'], statement?.['toplevel']]);
    await db.sql(`insert into riskdesk.samples (target, diagnostic, at, since, columns, rows) values ('main', 'queries.total', now() - make_interval(mins => $1), $2, '{calls,total_ms}', $3)`, [minutesAgo, since, JSON.stringify({ [key]: [calls, calls * mean] })]);
  };
  // With rows, so that its calls are no small share of what the server did: what costs next to nothing is no finding.
  await db.sql('create table slower_than_before as select g as a from generate_series(1, 5000) g');
  const app = await db.connect('maintenance');
  const now = await db.connect('superuser');
  await now.query('grant select on slower_than_before to public');
  for (let n = 0; n < 300; n += 1) await app.query('select count(*) from slower_than_before');
  const { stats_since: since } = await askMeasured('queries.total');
  if (since === null) throw new Error('pg_stat_statements does not say since when it counts');
  // Until an hour ago a call took next to nothing; in the last hour, 200 calls took what pg_stat_statements says, which is more.
  for (const [calls, minutes] of [[0, 480], [40, 240], [100, 61]] as const) await keepTotals(calls, 1e-9, since, minutes);
  const result = await askMeasured('queries.trend', { days: '1', q: 'slower_than_before' });
  const [row] = result.rows;
  expect(result.findings).toMatchObject([{ code: 'queries.slower', evidence: { before_calls: 100 } }]);
  expect(row).toMatchObject({ recent_calls: 200, before_calls: 100 });
  expect(Number(row?.['mean_ratio'])).toBeGreaterThan(1000);
  expect(result.lines?.[0]?.points.every(({ value }) => value === null || value >= 0)).toBe(true);

  await db.sql(`update riskdesk.samples set since = since - interval '1 day'`);
  expect((await askMeasured('queries.trend', { days: '1', q: 'slower_than_before' })).rows).toEqual([]);
  const [unknown] = (await askMeasured('queries.trend', { days: '1', q: 'slower_than_before', min_calls: '0' })).rows;
  expect(unknown).toMatchObject({ mean_ms: null, mean_ratio: null, recent_calls: 0 });
});

test('where nothing is kept yet, nothing is asked of the server to compare with it', async () => {
  const calls = async () => Number((await db.sql<{ calls: string }>(`select coalesce(sum(calls), 0) as calls from pg_stat_statements where query like '%/* riskdesk:tables.size */%' and dbid = (select oid from pg_database where datname = current_database())`))[0]?.calls);
  await askMeasured('tables.size');
  const before = await calls();
  expect(before).toBeGreaterThan(0);
  expect(await ask('tables.growth')).toMatchObject({ state: 'unmeasured', reason: { code: 'too_early' } });
  expect(await calls()).toBe(before);
});
