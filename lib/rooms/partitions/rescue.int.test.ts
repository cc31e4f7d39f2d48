import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { JobView } from '@/lib/kit/job';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { multiset, plantFamily } from '@/test/partitioned';
import { numbers, rounds, seed } from '@/test/faults';
import { startWriters } from '@/test/writers';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
vi.setConfig({ testTimeout: 90_000 });
const actions = await useActions(db);
/** A million rows in the long form, and of two majors. */
const long = rounds > 50;
const rows = long ? 1_000_000 : 8000;
const places = ([['main', db], ['pg14', old]] as const).filter(([target]) => long || target === 'main');

test.each([['main', db], ['pg14', old]] as const)('on %s what the table refers to, its partitions refer to as well, and a key of another schema’s type is tried before anybody’s write meets it', async (target, server) => {
  const { done, run } = onTarget(actions, target);
  const owner = await server.connect('maintenance');
  for (const text of [
    'create table kinds (id int primary key)', 'insert into kinds values (1), (2)',
    'create table kept (at date not null, kind int references kinds on delete cascade, n int, primary key (at)) partition by range (at)', `create table kept_1 partition of kept for values from ('2025-01-01') to ('2025-02-01')`, 'create table kept_rest partition of kept default',
    `insert into kept select date '2025-02-01' + g, g % 2 + 1, g from generate_series(0, 80) g`,
    `create function half(n int) returns int immutable language plpgsql as 'begin return halved(n); end'`, `create function halved(n int) returns int immutable language sql as 'select n / 2'`,
  ]) await owner.query(text);
  await done('partitions.rescue_default', { table: 'public.kept' });
  // Nothing is left of the trial.
  expect(await server.sql(`select part from (select tableoid::regclass as part, min(ctid) as least from kept group by 1) p where least <> '(0,1)'`)).toEqual([]);
  expect(await server.sql(`select count(*)::int as n from pg_constraint where contype = 'f' and conrelid in (select inhrelid from pg_inherits where inhparent = 'kept'::regclass) and confrelid = 'kinds'::regclass and conparentid <> 0 and convalidated`)).toEqual([{ n: 5 }]);
  await owner.query('delete from kinds where id = 2');
  expect(await server.sql('select count(*)::int as n from kept')).toEqual([{ n: 41 }]);
  // A check whose function finds another only by the writer's search_path.
  await owner.query(`insert into kept select date '2025-06-01' + g, 1, g from generate_series(0, 20) g`);
  await owner.query('alter table kept add check (half(n) >= 0)');
  const job = await run('partitions.rescue_default', { table: 'public.kept' });
  expect([job.state, job.says]).toEqual(['failed', expect.stringMatching(/halved/)]);
  await owner.query(`insert into kept values ('2025-07-01', 1, 5)`);
  await done('partitions.rescue_default', { table: 'public.kept', undo: 'is taken back' });
});

const leftovers = `select relname from pg_class where relname ~ 'riskdesk' and relkind in ('r', 'p') union all select proname from pg_proc where proname ~ 'riskdesk_mirror' union all select conname from pg_constraint where conname = 'riskdesk_not_here' union all select description from pg_description where description ~ '^riskdesk'`;

describe.each([['main', db], ['pg14', old]] as const)('many periods, on %s', (target, server) => {
  const { shown, done, run, ended, start } = onTarget(actions, target, 600_000);
  /** Begun again whatever became of it, with more time where it gave up for want of that. */
  const atLast = async (params: Record<string, string>, bound = 150, times = 20): Promise<{ job: JobView; bound: number }> => {
    const job = await run('partitions.rescue_default', { ...params, bound: String(bound) });
    if (job.state === 'succeeded' || times === 1) return { job, bound };
    return atLast(params, /tries/.test(job.says ?? '') ? Math.min(bound * 2, 1200) : bound, times - 1);
  };

  test('four hundred of them, referred to by others, while two writers insert and its session is ended again and again: what is done stays, and nothing is lost or doubled', { timeout: 900_000 }, async () => {
    const planted = await plantFamily(server, { name: 'Daily', rows: long ? 200_000 : 4000, months: 14, fallback: true });
    const { table, tables, sql } = planted;
    const params = { table, every: 'day' };
    const writers = await startWriters(server, planted, { most: 2, inserts: true });
    const over = new AbortController();
    let kills = 0;
    const next = numbers(seed);
    const killing = (async () => {
      while (kills < 6) {
        await sleep(1500 + next(6000), undefined, { signal: over.signal });
        kills += (await sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`)).length;
      }
    })().catch(() => {});
    const { job, bound } = await atLast(params).finally(() => over.abort());
    await killing;
    const { longest, alone, waited, writes, failed, acknowledged } = await writers.stop();
    const parts = await sql<{ part: string; days: number }>(`select relname as part, (select extract(epoch from max(v) - min(v)) / 86400 from (select m[1]::timestamptz as v from regexp_matches(pg_get_expr(relpartbound, 0), '''([^'']+)''', 'g') m) b)::float8 as days from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = $1::regclass`, [table]);
    process.stdout.write(`${target}, ${parts.length} partitions after ${kills} kills and ${writes} writes beside: longest stall of a writer ${longest.toFixed(0)} ms (${alone.toFixed(0)} ms without the job), longest wait for a lock ${waited.toFixed(0)} ms; the last job saw ${job.waitedMs.toFixed(0)} ms, held ${job.progress?.held_ms.toFixed(0)} ms, with ${bound} ms given\n`);
    expect(job.state, job.says ?? '').toBe('succeeded');
    expect(failed).toEqual([]);
    expect(parts.length).toBeGreaterThan(390);
    expect(parts.filter(({ days }) => days > 1)).toHaveLength(1);
    expect(await sql(`select count(*)::int as n from ${planted.fallback}`)).toEqual([{ n: 0 }]);
    expect(await multiset(sql, tables.slice(0, 1))).toEqual([await acknowledged()]);
    expect(await planted.violations()).toEqual([]);
    expect((await shown('partitions.rescue_default', params)).plan).toEqual([]);
    expect(await sql(leftovers)).toEqual([]);
  });

  test('rows that come into a period that had none are not lost: it begins again with what has periods now; what is left half done is taken back', { timeout: 300_000 }, async () => {
    const owner = await server.connect('maintenance');
    for (const text of [
      'create table sparse (at date not null, n int, primary key (at)) partition by range (at)', `create table sparse_1 partition of sparse for values from ('2024-01-01') to ('2024-01-02')`, `create table sparse_2 partition of sparse for values from ('2024-04-30') to ('2024-05-01')`, 'create table sparse_rest partition of sparse default',
      `insert into sparse select date '2024-01-03' + 3 * g, g from generate_series(0, 60) g`,
    ]) await owner.query(text);
    // So little that few may change places at once.
    const params = { table: 'public.sparse', bound: '60' };
    const { plan } = await shown('partitions.rescue_default', params);
    // Of several periods each, none across a partition that is there.
    const coarse = plan.flatMap(({ sql: text }) => [...text.matchAll(/COMMENT ON TABLE "public"\."(sparse_[\d_]+_to_[\d_]+)" IS 'riskdesk: holds several/g)].map(([, name]) => name ?? ''));
    expect(coarse.length).toBeGreaterThan(2);
    const until = plan.findIndex(({ sql: text }) => text.includes(`ON TABLE "public"."${coarse[0]}" IS 'riskdesk: every row`));
    // Batches of a few rows are whole at once.
    for (const { sql: text } of plan.slice(0, until)) await owner.query(`set search_path = ''; ${text}`);
    await owner.query(`insert into public.sparse values ('2024-01-04', -1)`);
    const before = await multiset(server.sql, ['public.sparse']);
    // What a hand began and left.
    const taken = await done('partitions.rescue_default', { ...params, undo: 'is taken back' });
    expect(taken.plan.length).toBeGreaterThan(0);
    expect(await server.sql(`select proname from pg_proc where proname ~ '^sparse.*riskdesk_mirror'`)).toEqual([]);
    expect((await atLast(params, 1200)).job.state).toBe('succeeded');
    expect(await multiset(server.sql, ['public.sparse'])).toEqual(before);
    expect(await server.sql(`select count(*)::int as n from pg_inherits where inhparent = 'public.sparse'::regclass`)).toEqual([{ n: 65 }]);
    expect(await server.sql('select count(*)::int as n from only public.sparse_rest')).toEqual([{ n: 0 }]);
    // The same while a job runs: the change of places finds it, and says so.
    await owner.query(`insert into public.sparse select date '2026-01-01' + 3 * g, g from generate_series(0, 60) g`);
    const id = await start('partitions.rescue_default', params);
    await server.sql(`do $$ begin loop exit when exists (select from pg_trigger where tgname = 'riskdesk_mirror' and tgrelid::regclass::text ~ '^sparse.*_to_'); perform pg_sleep(0.001); end loop; insert into public.sparse values ('2026-01-05', -2); end $$`);
    const job = await ended(id);
    expect([job.state, job.says]).toEqual(['failed', expect.stringMatching(/Rows have come into sparse_\d.* of periods that it held none of before.*start it again to go on/)]);
    const all = await multiset(server.sql, ['public.sparse']);
    expect((await atLast(params, 1200)).job.state).toBe('succeeded');
    expect(await multiset(server.sql, ['public.sparse'])).toEqual(all);
    expect(await server.sql('select count(*)::int as n from only public.sparse_rest')).toEqual([{ n: 0 }]);
    expect((await shown('partitions.rescue_default', params)).plan).toEqual([]);
    expect(await server.sql(leftovers)).toEqual([]);
  });
});

describe.each(places)('on %s', (target, server) => {
  const { shown, doneAtLast, preview } = onTarget(actions, target, 600_000);

  test('R12: rows of a filled DEFAULT come into their partitions while four writers insert, update and delete, and children refer to them', { timeout: 900_000 }, async () => {
    const planted = await plantFamily(server, { name: 'Filled', rows, months: 4, fallback: true });
    const { table, tables, sql } = planted;
    expect((await preview('partitions.create', { table, gaps: 'yes' })).body).toMatchObject({ code: 'guard_refused', guards: [{ name: 'default_rows' }] });
    const writers = await startWriters(server, planted);
    const job = await doneAtLast('partitions.rescue_default', { table });
    const { longest, alone, waited, writes, failed, acknowledged } = await writers.stop();
    process.stdout.write(`${target}, ${rows} rows and ${writes} writes beside: longest stall of a writer ${longest.toFixed(0)} ms (${alone.toFixed(0)} ms without the job), longest wait for a lock ${waited.toFixed(0)} ms; the job saw ${job.waitedMs.toFixed(0)} ms, held ${job.progress?.held_ms.toFixed(0)} ms\n`);
    expect(failed).toEqual([]);
    expect(await sql(`select count(*)::int as n from ${planted.fallback}`)).toEqual([{ n: 0 }]);
    // What was written and acknowledged is there, once.
    expect(await multiset(sql, tables.slice(0, 1))).toEqual([await acknowledged()]);
    expect(await planted.violations()).toEqual([]);
    expect((await shown('partitions.rescue_default', { table })).plan).toEqual([]);
    expect(await sql(leftovers)).toEqual([]);
  });
});
