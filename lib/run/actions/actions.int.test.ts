import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type pg from 'pg';
import { useActions } from '@/test/actions';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { runEach } from '@/test/remedies';

const db = await useDatabase({ settings: { max_prepared_transactions: '5' } });
const { people, dba, post, preview, sealed, start, job: jobOf, ended } = await useActions(db);
const run = (action: string, params: Record<string, string>, seal: string, more: Record<string, string> = {}) => post(action, '', { params, seal, ...more });
const begun = (id: string, says: RegExp) => vi.waitFor(async () => expect((await jobOf(id)).log.map((line) => line.says).join('\n')).toMatch(says), { timeout: 10_000, interval: 50 });
const invalid = () => db.sql(`select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where not i.indisvalid`);

beforeAll(async () => {
  const owner = await db.connect('maintenance');
  await owner.query('create table "Odd ""one""" (a int primary key, b text)');
  await owner.query('create index "B ""x""" on "Odd ""one""" (b)');
});
beforeEach(async () => {
  const owner = await db.connect('maintenance');
  await owner.query('truncate "Odd ""one"""');
  await owner.query('insert into "Odd ""one""" select g, md5(g::text) from generate_series(1, 20000) g');
});

const holders: pg.Client[] = [];
async function holding(begin: string): Promise<pg.Client> {
  const holder = await db.connect('superuser');
  holders.push(holder);
  await holder.query(begin);
  return holder;
}
afterEach(async () => {
  for (const holder of holders.splice(0)) await holder.query('rollback');
});

const [table, index] = ['public."Odd ""one"""', 'public."B ""x"""'];

describe('from a preview to an outcome', () => {
  test('what the preview shows is what runs; before, after, log and two audit rows stay', async () => {
    const shown = await sealed('tables.analyze', { table });
    expect(shown.plan).toMatchObject([{ sql: 'ANALYZE "public"."Odd ""one"""', lock: 'SHARE UPDATE EXCLUSIVE' }]);
    const { body } = await run('tables.analyze', { table }, shown.seal);
    const job = await ended((body as { jobId: string }).jobId);
    expect(job).toMatchObject({ state: 'succeeded', after: { row_estimate: 20_000 } });
    const audit = await db.sql(`select outcome, details->>'stage' as stage, actor from riskdesk.audit_log where object = $1 order by id`, [`job:${job.id}`]);
    expect(audit).toEqual([{ outcome: 'success', stage: 'requested', actor: people.dba.email }, { outcome: 'success', stage: 'ended', actor: people.dba.email }]);
  });

  test('vacuum: dead rows are gone after it', async () => {
    await db.sql('delete from "Odd ""one""" where a <= 10000');
    // A session tells of its changes a second later: what it tells after the vacuum would be added to it.
    await vi.waitFor(async () => expect(await db.sql(`select pg_stat_get_dead_tuples($1::regclass)::int as n`, [table])).toEqual([{ n: 10_000 }]), { timeout: 20_000 });
    const job = await ended(await start('tables.vacuum', { table }));
    expect(job).toMatchObject({ state: 'succeeded', after: { dead_rows: 0 } });
  });

  test('a dropped index comes back by the inverse that the job keeps', async () => {
    expect((await run('indexes.drop', { index }, (await sealed('indexes.drop', { index })).seal)).body).toMatchObject({ code: 'invalid', errors: [{ path: 'confirm' }] });
    const job = await ended(await start('indexes.drop', { index }, { confirm: index }));
    expect(job.state, job.says ?? '').toBe('succeeded');
    expect(await db.sql(`select to_regclass('${index}') as there`)).toEqual([{ there: null }]);
    const owner = await db.connect('maintenance');
    await runEach(owner, job.inverse);
    expect(await invalid()).toEqual([]);
    expect(await db.sql(`select to_regclass('${index}') is not null as there`)).toEqual([{ there: true }]);
  });
});

describe('the index of a partitioned table', () => {
  beforeAll(async () => {
    const owner = await db.connect('maintenance');
    await owner.query('create table parted (a int, b text) partition by range (a)');
    for (const n of [0, 1, 2]) await owner.query(`create table parted_${n} partition of parted for values from (${n * 100}) to (${n * 100 + 100})`);
    await owner.query('insert into parted select g, g::text from generate_series(0, 299) g');
    await owner.query('create index parted_b on parted (b)');
  });
  const files = () => db.sql<{ node: string }>(`select pg_relation_filenode(relid)::text as node from pg_partition_tree('parted_b') where isleaf order by 1`);

  test('is rebuilt partition by partition', async () => {
    const before = await files();
    const job = await ended(await start('indexes.reindex', { index: 'public.parted_b' }));
    expect(job.state, job.says ?? '').toBe('succeeded');
    const after = await files();
    expect(after).toHaveLength(3);
    expect(after.filter(({ node }) => before.some((one) => one.node === node))).toEqual([]);
    expect(await invalid()).toEqual([]);
  });

  test('cancelled in the middle, it says how many are new, and the copy is gone', async () => {
    const holder = await holding('begin isolation level repeatable read');
    await holder.query('select count(*) from parted_1');
    const id = await start('indexes.reindex', { index: 'public.parted_b' });
    await vi.waitFor(async () => expect(await invalid()).not.toEqual([]), { timeout: 10_000, interval: 50 });
    await call('DELETE', `/api/jobs/${id}`, dba);
    await sleep(1000);
    await holder.query('rollback');
    const job = await ended(id);
    expect(job).toMatchObject({ state: 'cancelled', says: expect.stringMatching(/Of 3 partitions \d have their new index/) });
    expect(await invalid()).toEqual([]);
  });

  test('is dropped with its parts, and comes back by its definition', async () => {
    const shown = await sealed('indexes.drop', { index: 'public.parted_b' });
    expect(shown.plan).toMatchObject([{ sql: 'DROP INDEX "public"."parted_b"', lock: 'ACCESS EXCLUSIVE' }]);
    const job = await ended(await start('indexes.drop', { index: 'public.parted_b' }, { confirm: 'public.parted_b' }));
    expect(job.state, job.says ?? '').toBe('succeeded');
    expect(await files().catch(() => [])).toEqual([]);
    const owner = await db.connect('maintenance');
    await runEach(owner, job.inverse);
    expect(await files()).toHaveLength(3);
  });
});

describe('S13: the seal', () => {
  test('of another action, of other parameters, altered or missing is refused, with what is wrong', async () => {
    const { seal } = await sealed('tables.analyze', { table });
    expect((await run('tables.vacuum', { table }, seal)).body).toMatchObject({ status: 409, code: 'seal_stale' });
    expect((await run('tables.analyze', { table: 'public.users' }, seal)).body).toMatchObject({ code: 'seal_stale' });
    expect((await run('tables.analyze', { table }, `${seal}x`)).body).toMatchObject({ code: 'seal_stale' });
    expect((await call('POST', '/api/tables/analyze', { ...dba, body: { params: { table } } })).body).toMatchObject({ status: 422, errors: [{ path: 'seal' }] });
  });

  test('after the object has become another one, or another size, is refused and says so', async () => {
    const owner = await db.connect('maintenance');
    await owner.query('create table replaced (a int)');
    const { seal } = await sealed('tables.analyze', { table: 'public.replaced' });
    await owner.query('insert into replaced select generate_series(1, 100000)');
    expect((await run('tables.analyze', { table: 'public.replaced' }, seal)).body).toMatchObject({ code: 'seal_stale', changed: ['the object has another size now'] });
    await owner.query('drop table replaced; create table replaced (a int)').catch(async () => {
      await owner.query('drop table replaced');
      await owner.query('create table replaced (a int)');
    });
    expect((await run('tables.analyze', { table: 'public.replaced' }, seal)).body).toMatchObject({ code: 'seal_stale', changed: expect.arrayContaining(['the object is another one now']) });
  });
});

describe('guards', () => {
  test('what holds a constraint is not dropped, and the refusal says which', async () => {
    const { status, body } = await preview('indexes.drop', { index: 'public."Odd ""one""_pkey"' });
    expect([status, body]).toMatchObject([409, { code: 'guard_refused', guards: [{ name: 'constraint' }] }]);
  });

  test('what the role does not own is refused before anything runs', async () => {
    await db.sql('create table somebody_elses (a int primary key); create index elsewhere on somebody_elses (a)');
    // Who owns the database may vacuum what is in it, and no more.
    expect((await preview('tables.vacuum', { table: 'public.somebody_elses' })).status).toBe(200);
    for (const action of ['indexes.reindex', 'indexes.drop']) expect((await preview(action, { index: 'public.elsewhere' })).body).toMatchObject({ code: 'guard_refused', guards: [{ name: 'privilege' }] });
  });

  test('what is not there is 404, an unknown parameter 422 by its name', async () => {
    expect((await preview('tables.analyze', { table: 'public.nothing' })).status).toBe(404);
    expect((await preview('tables.analyze', { table, colour: 'red' })).body).toMatchObject({ errors: [{ path: 'params.colour' }] });
  });

  test('R16: of twenty who ask at the same time one runs, the others see whose it is', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { seal } = await sealed('tables.analyze', { table });
      const answers = await Promise.all(Array.from({ length: 20 }, () => run('tables.analyze', { table }, seal)));
      const taken = answers.filter(({ status }) => status === 202);
      const refused = answers.filter(({ status }) => status !== 202);
      expect(taken.length).toBeGreaterThanOrEqual(1);
      for (const { body } of refused) expect(body).toMatchObject({ status: 409, code: 'object_busy' });
      for (const { body } of taken) expect((await ended((body as { jobId: string }).jobId)).state).toBe('succeeded');
    }
  });
});

describe('locks', () => {
  test('R14, P19: behind a lock it gives way again and again, nobody waits for it, and it ends when the lock is free', async () => {
    const [holder, reader] = [await holding('begin'), await db.connect('superuser')];
    await holder.query('lock table "Odd ""one""" in share update exclusive mode');
    const shown = await sealed('tables.vacuum', { table });
    expect(shown.blockers).toHaveLength(1);
    const id = await start('tables.vacuum', { table });
    await begun(id, /gave way/);
    let longest = 0;
    for (let n = 0; n < 100; n += 1) {
      const started = performance.now();
      await reader.query('select count(*) from "Odd ""one""" where a = 1');
      longest = Math.max(longest, performance.now() - started);
      await sleep(10);
    }
    await holder.query('rollback');
    const job = await ended(id);
    expect(job.state, job.says ?? '').toBe('succeeded');
    process.stdout.write(`longest read beside it ${longest.toFixed(0)} ms; longest wait that the job saw ${job.waitedMs.toFixed(0)} ms\n`);
  });
});

test('where the lock was never to be had, the outcome says who had it, without the secrets of the statement', { timeout: 180_000 }, async () => {
  const holder = await holding(`set application_name = 'night import'`);
  await holder.query('begin');
  await holder.query('lock table "Odd ""one""" in share update exclusive mode');
  const { rows: [one] } = await holder.query<{ pid: number }>(`select pg_backend_pid() as pid, 'password=of-somebody' as word`);
  // The pauses between the tries are random ones.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const job = await ended(await start('tables.vacuum', { table }), 170_000);
  expect(job.state).toBe('failed');
  expect(job.says).toMatch(new RegExp(`not to be had in 60 tries .* In the way was pid ${one?.pid} \\(postgres, night import\\), idle in transaction, its transaction open since 20\\d\\d-[\\d: -]+ UTC: “select pg_backend_pid\\(\\) as pid, 'password=….*”`));
  expect(job.says).not.toContain('of-somebody');
  expect(job.log.map(({ says }) => says).join()).toMatch(/try 10 gave way after 100 ms\. In the way was pid/);
});

test('a preview does not wait for the strongest lock there is: it names who has it', async () => {
  const holder = await holding(`begin; lock table "Odd ""one""" in access exclusive mode`);
  const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
  for (const action of ['tables.analyze', 'tables.vacuum', 'tables.reindex']) expect((await sealed(action, { table })).blockers, action).toMatchObject([{ pid: rows[0]?.pid }]);
  await holder.query('rollback');
});

test('a prepared transaction that is in the way is named by its gid, before and meanwhile', { timeout: 60_000 }, async () => {
  const gid = `left "behind"'s`;
  const session = await db.connect('superuser');
  await session.query('begin; lock table "Odd ""one""" in share mode');
  await session.query(`prepare transaction ${session.escapeLiteral(gid)}`);
  const { blockers } = await sealed('tables.vacuum', { table });
  const id = await start('tables.vacuum', { table });
  // The first try is not looked at.
  await vi.waitFor(async () => expect((await jobOf(id)).log.map(({ says }) => says).join('\n')).toMatch(new RegExp(`try 10 gave way after 100 ms\\. In the way was the prepared transaction “${gid}” \\(postgres\\), prepared since 20\\d\\d-[\\d: -]+ UTC: it keeps its locks`)), { timeout: 25_000, interval: 50 })
    .finally(() => session.query(`rollback prepared ${session.escapeLiteral(gid)}`));
  expect((await ended(id)).state).toBe('succeeded');
  expect(blockers).toMatchObject([{ pid: null, gid, role: 'postgres', state: 'prepared', holds: 'ShareLock' }]);
});

describe('who holds up a command CONCURRENTLY is named before it, and nobody else', () => {
  beforeAll(async () => {
    const owner = await db.connect('maintenance');
    await owner.query('create table beside (a int)');
    await owner.query('create index odd_twice on "Odd ""one""" (b, a)');
  });
  const commands: [action: string, params: Record<string, string>][] = [['indexes.create', { table, columns: 'a, b' }], ['indexes.reindex', { index }], ['indexes.drop', { index: 'public.odd_twice' }]];
  const named = async () => {
    // Transactions are named that have been open for a second.
    await sleep(1100);
    const shown = [];
    for (const [action, params] of commands) shown.push(await sealed(action, params));
    return shown.map(({ blockers, snapshots }) => [blockers.length, snapshots.length]);
  };

  test('a writer that is idle in its transaction has no snapshot: each of them waits for it', async () => {
    await (await holding('begin')).query('update "Odd ""one""" set b = b where a = 1');
    expect(await named()).toEqual([[1, 0], [1, 0], [1, 0]]);
  });

  test('a build does not wait for who has only read; to take the old index away does', async () => {
    await (await holding('begin')).query('select from "Odd ""one""" limit 1');
    expect(await named()).toEqual([[0, 0], [1, 0], [1, 0]]);
  });

  test('an older snapshot of another table is waited for by builds, and not by DROP INDEX CONCURRENTLY', async () => {
    await (await holding('begin isolation level repeatable read')).query('select from beside');
    expect(await named()).toEqual([[0, 1], [0, 1], [0, 0]]);
    const job = await ended(await start('indexes.drop', { index: 'public.odd_twice' }, { confirm: 'public.odd_twice' }));
    expect(job.state, job.says ?? '').toBe('succeeded');
  });
});

describe('R11: REINDEX CONCURRENTLY that does not end by itself', () => {
  const held = async () => {
    const holder = await holding('begin isolation level repeatable read');
    await holder.query('select count(*) from "Odd ""one"""');
    // A preview names transactions that have been open for a second.
    await sleep(1100);
    return holder;
  };

  test('cancelled while it waits: the job says so, the half-built copy is gone, the index is what it was', async () => {
    const holder = await held();
    const shown = await sealed('indexes.reindex', { index });
    expect(shown.blockers.length + shown.snapshots.length).toBeGreaterThan(0);
    const id = await start('indexes.reindex', { index });
    await begun(id, /1\/1/);
    await vi.waitFor(async () => expect(await invalid()).not.toEqual([]), { timeout: 10_000, interval: 50 });
    expect((await call('DELETE', `/api/jobs/${id}`, dba)).status).toBe(202);
    // Dropping what it left waits for the same transaction, and says so.
    const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
    await vi.waitFor(async () => expect((await jobOf(id)).progress?.phase).toBe(`Waits for process ${rows[0]?.pid}`), { timeout: 10_000, interval: 50 });
    await holder.query('rollback');
    const job = await ended(id);
    expect(job.state, job.says ?? '').toBe('cancelled');
    expect(await invalid()).toEqual([]);
    expect((await call('DELETE', `/api/jobs/${id}`, dba)).status).toBe(409);
  });

  test('its session is terminated from outside: failed, mended', async () => {
    const holder = await held();
    const id = await start('indexes.reindex', { index });
    await vi.waitFor(async () => expect(await invalid()).not.toEqual([]), { timeout: 10_000, interval: 50 });
    await db.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`);
    await sleep(500);
    await holder.query('rollback');
    const job = await ended(id);
    expect(job.state, job.says ?? '').toBe('failed');
    expect(await invalid()).toEqual([]);
  });
});

test('a statement that does not hear a cancel is ended with its session, once a cancel has been tried', async () => {
  const owner = await db.connect('maintenance');
  await owner.query('create table deaf (a int); insert into deaf select generate_series(1, 300)');
  await owner.query(`create function deaf(a int) returns int language plpgsql immutable as $$ begin perform pg_catalog.pg_sleep(0.1); return a; exception when query_canceled then return a; end $$`);
  await owner.query('alter table deaf alter a set statistics 1; create index deaf_index on deaf (deaf(a)) where a < 0; create statistics deaf_statistics on (deaf(a)), a from deaf');
  const id = await start('tables.analyze', { table: 'public.deaf' });
  await vi.waitFor(async () => expect(await db.sql(`select from pg_stat_activity where application_name = 'riskdesk-job' and wait_event = 'PgSleep' and datname = current_database()`)).toHaveLength(1), { timeout: 10_000, interval: 50 });
  expect((await call('DELETE', `/api/jobs/${id}?how=terminate`, dba)).body).toMatchObject({ status: 409, detail: expect.stringContaining('Cancel it first') });
  await call('DELETE', `/api/jobs/${id}`, dba);
  await sleep(1500);
  expect(await jobOf(id)).toMatchObject({ state: 'running', cancelRequestedAt: expect.any(String), terminateRequestedAt: null });
  expect((await call('DELETE', `/api/jobs/${id}?how=terminate`, dba)).status).toBe(202);
  expect(await ended(id)).toMatchObject({ state: 'cancelled', says: expect.stringMatching(/^Cancelled\./) });
  expect(await db.sql(`select action from riskdesk.audit_log where object = 'job:' || $1 and action like 'jobs.%' order by id`, [id])).toEqual([{ action: 'jobs.cancel' }, { action: 'jobs.terminate' }]);
  await owner.query('drop table deaf; drop function deaf');
});

test('R17, P18: a job whose console has died is taken over within seconds and settled by what the catalog says', async () => {
  const owner = await db.connect('maintenance');
  const holder = await holding('begin');
  await holder.query('select count(*) from "Odd ""one"""');
  const dying = owner.query(`reindex index concurrently ${index}`).catch(() => 'ended');
  await vi.waitFor(async () => expect(await invalid()).not.toEqual([]), { timeout: 10_000, interval: 50 });
  const [backend] = await db.sql<{ pid: number; started: string }>(`select pid, backend_start::text as started from pg_stat_activity where query like 'reindex index concurrently%' and datname = current_database()`);
  const object = { name: index, key: 'relation 1', identity: 'of before', table: String((await db.sql<{ oid: string }>(`select indrelid::oid::text as oid from pg_index where indexrelid = '${index}'::regclass`))[0]?.oid), bytes: 1, schema: 'public', rel: 'B "x"' };
  const { uuidv7 } = await import('uuidv7');
  const id = uuidv7();
  await db.sql(`insert into riskdesk.jobs (id, target, action, about, object_key, object, params, plan, state, runner, requester, backend, started_at)
    values ($1, 'main', 'indexes.reindex', $2, 'relation 1', $3, $4, '[]', 'running', 77, 'somebody@example.org', $5, now())`, [id, index, JSON.stringify(object), JSON.stringify({ index }), JSON.stringify(backend)]);
  await db.sql('select pg_terminate_backend($1)', [backend?.pid]);
  await holder.query('rollback');
  await dying;
  const job = await ended(id);
  expect(job.state, job.says ?? '').toMatch(/interrupted|succeeded/);
  expect(await invalid()).toEqual([]);
});
