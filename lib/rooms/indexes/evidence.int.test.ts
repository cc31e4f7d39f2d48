import { afterAll, expect, test } from 'vitest';
import { askMeasured } from '@/test/ask';
import { useDatabase } from '@/test/database';

const main = await useDatabase();
const dated = await useDatabase({ settings: { track_commit_timestamp: 'on' } });

process.env.TARGETS = `dated=${dated.url('monitor')}`;

const { closeMonitors } = await import('@/lib/run/monitor');

afterAll(closeMonitors);

const measured = (target: string, query: Record<string, string>) => askMeasured('indexes.unused', { target, q: 'planted', ...query });

const anyAge = { min_days: '0', min_table_scans: '0' };

test('a standby that may read an index is said, and lowers the finding', async () => {
  await dated.sql('create table planted (a int)');
  await dated.sql('create index planted_a on planted (a)');
  await dated.sql('insert into planted select generate_series(1, 600000)');
  await dated.sql('vacuum analyze planted');
  const alone = await measured('dated', anyAge);
  expect(alone.findings).toMatchObject([{ code: 'indexes.unused', about: 'public.planted_a', severity: 'warning' }]);
  expect(alone.findings[0]?.says).not.toContain('not recorded');
  await dated.sql(`select pg_create_physical_replication_slot('planted_standby')`);
  const followed = await measured('dated', { ...anyAge, limit: '99' });
  await dated.sql(`select pg_drop_replication_slot('planted_standby')`);
  expect(followed.findings).toMatchObject([{ severity: 'info', evidence: { standbys: 1 }, says: expect.stringContaining('1 standby may read it') }]);
  expect(followed.context).toMatchObject({ standbys: 1, commit_times: true });
});

test('where creation times are kept they are shown; where they are not, that is said', async () => {
  await dated.sql('create index planted_young on planted (a)');
  const [row] = (await measured('dated', { ...anyAge, q: 'planted_young' })).rows;
  expect(Date.parse(String(row?.['created_at']))).toBeGreaterThan(Date.now() - 60_000);
  await main.sql('create table planted (a int)');
  await main.sql('create index planted_a on planted (a)');
  const [found] = (await measured('main', anyAge)).findings;
  expect(found?.says).toContain('When it was made is not recorded');
});

test('counters that a crash or a reset has zeroed count from then', async () => {
  const before = await measured('dated', { ...anyAge, limit: '98' });
  await dated.sql('select pg_stat_reset()');
  const after = await measured('dated', { ...anyAge, limit: '97' });
  expect(Date.parse(String(after.stats_since))).toBeGreaterThan(Date.parse(String(before.stats_since)));
});
