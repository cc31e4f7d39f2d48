import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { multiset, plantFamily, type Planted } from '@/test/partitioned';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${old.url('maintenance')} super=${db.url('superuser')}`;
vi.setConfig({ testTimeout: 90_000 });
const actions = await useActions(db);

describe.each([['main', db], ['pg14', old], ['super', db]] as const)('on %s', (target, server) => {
  const { shown, done, run } = onTarget(actions, target);
  let planted: Planted;
  beforeAll(async () => {
    planted = await plantFamily(server, { name: `Odd "${target}"`, rows: 3000, months: 5 });
    for (const table of planted.tables) await planted.owner.query(`grant select on ${table} to riskdesk_app`);
  });

  test('whole partitions go in the catalog, with their children; what is archived and restored is the same rows', async () => {
    const { table, tables, archives, sql } = planted;
    const before = await multiset(sql, tables);
    const job = await done('partitions.archive', { table, days: '75' });
    expect(job.plan.map((step) => step.sql).join('\n')).not.toMatch(/INSERT INTO/);
    const [stood, stands] = [job.before ?? {}, job.after ?? {}];
    expect([stood['archived_partitions'], stands['archived_partitions']]).toEqual([0, Number(stood['partitions']) - Number(stands['partitions'])]);
    const [left, gone] = [await multiset(sql, tables), await multiset(sql, archives)];
    expect(gone.map(({ n }) => n)).not.toContain(0);
    expect(left.map(({ n }, index) => n + (gone[index]?.n ?? 0))).toEqual(before.map(({ n }) => n));
    // Who may read the table reads its archive in place.
    const reader = await server.connect('app');
    expect((await reader.query(`select count(*)::int as n from ${archives[0]}`)).rows).toEqual([{ n: gone[0]?.n }]);
    expect((await shown('partitions.archive', { table, days: '75' })).plan).toEqual([]);
    await done('partitions.restore', { table, from: '2020-01-01', to: '2100-01-01' });
    expect(await multiset(sql, tables)).toEqual(before);
    expect((await multiset(sql, archives)).map(({ n }) => n)).toEqual([0, 0, 0]);
    expect(await planted.violations()).toEqual([]);
  });

  test('rows of the partition that the cutoff divides go in batches, with their children, and come back the same', async () => {
    const { table, tables, archives, sql } = planted;
    const before = await multiset(sql, tables);
    const job = await done('partitions.archive', { table, days: '45', partial: 'go too' });
    expect(job.plan.map((step) => step.sql).join('\n')).toMatch(/INSERT INTO/);
    const [late] = await sql<{ n: number }>(`select count(*)::int as n from ${tables[0]} where at < date_trunc('day', now()) - interval '45 days'`);
    expect(late?.n).toBe(0);
    const gone = await multiset(sql, archives);
    expect(gone.map(({ n }) => n)).not.toContain(0);
    expect(await planted.violations()).toEqual([]);
    const again = await run('partitions.archive', { table, days: '45', partial: 'go too' });
    expect([again.state, await multiset(sql, archives)]).toEqual(['succeeded', gone]);
    await done('partitions.restore', { table, from: '2020-01-01', to: '2100-01-01' });
    expect(await multiset(sql, tables)).toEqual(before);
    expect(await planted.violations()).toEqual([]);
  });
});

test('others wait for the change in the catalog no longer than promised, also while somebody’s transaction is in its way', async () => {
  const { start, ended } = onTarget(actions);
  const { table } = await plantFamily(db, { name: 'Watched', rows: 2000, months: 4 });
  const [holder, reader] = [await db.connect('superuser'), await db.connect('superuser')];
  await holder.query(`begin; select count(*) from ${table}`);
  const id = await start('partitions.archive', { table, days: '40' });
  const holdMs = 3000;
  const until = performance.now() + holdMs;
  let longest = 0;
  while (performance.now() < until) {
    const started = performance.now();
    await reader.query(`select from ${table} limit 1`);
    longest = Math.max(longest, performance.now() - started);
    await sleep(5);
  }
  await holder.query('rollback');
  const job = await ended(id);
  expect(job.state, job.says ?? '').toBe('succeeded');
  expect(job.log.map(({ says }) => says).join()).toMatch(/gave way/);
  process.stdout.write(`longest read beside it ${longest.toFixed(0)} ms; the job saw ${job.waitedMs.toFixed(0)} ms and asked for or held its locks for ${job.progress?.held_ms.toFixed(0)} ms at most\n`);
  // Behind a job that waits without a limit it would have been all of it.
  expect(longest / holdMs).toBeLessThan(0.5);
});

test('a batch whose rows do not arrive is rolled back, and says so; what a person cancels goes on later', async () => {
  const { run, start, ended, cancel, done, jobOf } = onTarget(actions);
  const { table, tables, archives, sql, owner } = await plantFamily(db, { name: 'Swallowed', rows: 6000, months: 3, plain: true });
  const before = await multiset(sql, tables);
  const params = { table, days: '10', partial: 'go too' };
  await done('partitions.archive', { ...params, days: '3000' });
  const id = await start('partitions.archive', params);
  await vi.waitFor(async () => expect((await jobOf(id)).progress?.moved ?? 0).toBeGreaterThan(0), { timeout: 20_000, interval: 20 });
  await cancel(id);
  const stopped = await ended(id);
  expect(`${stopped.state} ${stopped.resumable}`).toMatch(/^(cancelled true|succeeded false)$/);
  await owner.query(`create function swallow() returns trigger language plpgsql as 'begin return null; end'`);
  await owner.query(`create trigger swallow before insert on ${archives[1]} for each row execute function swallow()`);
  await owner.query(`insert into ${table} (at, owner, body) select date_trunc('day', now()) - interval '11 days', 'late', 'x' returning id`);
  await owner.query(`insert into ${tables[1]} select id, at, 9, 'late' from ${table} where owner = 'late'`);
  const failed = await run('partitions.archive', params);
  expect([failed.state, failed.says]).toEqual(['failed', expect.stringMatching(/differ in number or checksum.*rolled back/)]);
  await owner.query(`drop trigger swallow on ${archives[1]}`);
  await done('partitions.archive', params);
  const [live, gone] = [await multiset(sql, tables), await multiset(sql, archives)];
  expect(live.map(({ n }, index) => n + (gone[index]?.n ?? 0))).toEqual(before.map(({ n }, index) => n + (index < 2 ? 1 : 0)));
});
