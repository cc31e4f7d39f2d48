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

describe.each([['main', db], ['pg14', old]] as const)('what need not be read, on %s', (target, server) => {
  const { shown, done } = onTarget(actions, target);

  test('partitions with a valid CHECK that says what their bounds do, by whatever name; the others are named, with their sizes', async () => {
    const planted = await plantFamily(server, { name: 'Proven', rows: 3000, months: 4, checked: true });
    const { table, tables, archives, sql, owner } = planted;
    const params = { table, days: '75' };
    const oldest = await sql<{ part: string; def: string }>(`select inhrelid::regclass::text as part, pg_get_constraintdef(k.oid) as def from pg_inherits join pg_constraint k on k.conrelid = inhrelid and k.contype = 'c' where inhparent = any (array[$1, $2, $3]::regclass[]) and pg_get_expr((select relpartbound from pg_class where oid = inhrelid), 0) ~ to_char(now() - interval '3 months', '''YYYY-MM-01.* TO')`, tables);
    expect(oldest).toHaveLength(3);
    const validated = async () => (await shown('partitions.archive', params)).plan.filter(({ sql: text }) => text.includes('VALIDATE')).map(({ sql: text }) => text);
    expect(await validated()).toEqual([]);
    expect((await shown('partitions.archive', params)).blocks).not.toMatch(/No CHECK/);
    // What looks alike proves nothing.
    const { part = '', def = '' } = oldest[0] ?? {};
    const name = (await sql<{ conname: string }>(`select conname from pg_constraint where conrelid = $1::regclass and contype = 'c'`, [part]))[0]?.conname;
    const inside = def.replace('CHECK ', '');
    for (const like of [`CHECK (body is null or (owner <> '' and ${inside} and owner is not null) or true)`, `CHECK (not (body is null and ${inside} and owner is null))`, `${def} NOT VALID`]) {
      await owner.query(`alter table ${part} drop constraint if exists "${name}", drop constraint if exists like_it, add constraint like_it ${like}`);
      expect(await validated()).toEqual([expect.stringContaining('VALIDATE CONSTRAINT "riskdesk_bounds"')]);
      expect((await shown('partitions.archive', params)).blocks).toMatch(/No CHECK proves the bounds of Proven_\d{4}_\d\d \([\d.]+ kB\): read once before/);
    }
    const before = await multiset(sql, tables);
    await done('partitions.archive', params);
    const gone = await multiset(sql, archives);
    expect(gone.map(({ n }) => n)).not.toContain(0);
    const back = { table, from: '2020-01-01', to: '2100-01-01' };
    expect((await shown('partitions.restore', back)).plan.filter(({ sql: text }) => text.includes('VALIDATE CONSTRAINT "riskdesk_bounds"'))).toEqual([]);
    await done('partitions.restore', back);
    expect(await multiset(sql, tables)).toEqual(before);
  });

  test('partitions of its own making are among them, unless a person says no', async () => {
    const owner = await server.connect('maintenance');
    for (const check of ['yes', 'no']) {
      await owner.query(`create table made_${check} (at date not null, primary key (at)) partition by range (at)`);
      await done('partitions.create', { table: `public.made_${check}`, every: 'month', check });
      const found = await server.sql<{ proven: boolean }>(`select exists (select from pg_constraint k where k.conrelid = i.inhrelid and k.contype = 'c' and k.convalidated and pg_get_expr(k.conbin, k.conrelid) = pg_get_partition_constraintdef(i.inhrelid)) as proven from pg_inherits i where inhparent = $1::regclass`, [`made_${check}`]);
      expect(new Set(found.map(({ proven }) => proven))).toEqual(new Set([check === 'yes']));
    }
  });

  test('what comes back row by row stands twice for a while: the preview says how much disk that is', async () => {
    const { table } = await plantFamily(server, { name: 'Twice', rows: 2000, months: 3, plain: true });
    await done('partitions.archive', { table, days: '40', partial: 'go too' });
    expect((await shown('partitions.restore', { table, from: '2020-01-01', to: '2100-01-01' })).estimate.disk_bytes).toBeGreaterThan(100_000);
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
