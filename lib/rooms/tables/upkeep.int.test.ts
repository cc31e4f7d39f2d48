import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { toldByVacuum } from './vacuum-log';

const main = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `old=${old.url('superuser')}`;
const actions = await useActions(main);

const holders: pg.Client[] = [];
async function holding(db: typeof main, begin: string) {
  const holder = await db.connect('superuser');
  holders.push(holder);
  await holder.query('begin isolation level repeatable read');
  await holder.query(begin);
  return holder;
}
afterEach(async () => {
  for (const holder of holders.splice(0)) await holder.query('rollback');
});

const odd = '"Odd ""table\'s"" \n<b>"';
const table = `public.${odd}`;

describe.each([['main', main] as const, ['old', old] as const])('on %s', (target, db) => {
  const options = { target };
  const invalid = () => db.sql<{ name: string }>(`select relname as name from pg_index i join pg_class c on c.oid = i.indexrelid where not indisvalid`);
  const nodes = async () => Object.fromEntries((await db.sql<{ name: string; node: string }>(`select c.relname as name, pg_relation_filenode(c.oid)::text as node from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = $1::regclass`, [table])).map(({ name, node }) => [name, node]));

  beforeAll(async () => {
    const owner = await db.connect('maintenance');
    await owner.query(`create table ${odd} (id int primary key, "B ""x""" text, span int4range)`);
    await owner.query(`insert into ${odd} select g, repeat(md5(g::text), 3), int4range(g, g + 1) from generate_series(1, 20000) g`);
    await owner.query(`create index "By ""x""" on ${odd} ("B ""x""")`);
    await owner.query(`alter table ${odd} add constraint apart exclude using gist (span with &&)`);
    await owner.query(`create table many (id int, day date) partition by range (day)`);
    for (const n of [1, 2, 3]) await owner.query(`create table many_${n} partition of many for values from ('2026-0${n}-01') to ('2026-0${n + 1}-01')`);
    await owner.query('create index on many (id)');
    await owner.query(`insert into many select g, '2026-01-01'::date + g % 90 from generate_series(1, 900) g`);
  });

  test('vacuum with every option of this major; the log keeps what was removed and nothing of how it went', async () => {
    await db.sql(`delete from ${odd} where id <= 10000`);
    // A session tells of its changes a second later: what it tells after the vacuum would be added to it.
    await vi.waitFor(async () => expect(await db.sql(`select pg_stat_get_dead_tuples($1::regclass)::int as n`, [table])).toEqual([{ n: 10_000 }]), { timeout: 20_000 });
    const asked = { table, freeze: 'yes', truncate: 'yes', index_cleanup: 'on', toast: 'no', workers: '2', locked: 'skip it', ...(target === 'main' ? { buffers: '2 MB' } : {}) };
    const job = await actions.done('tables.vacuum', asked, options);
    expect(job.plan[0]?.sql).toBe(`VACUUM (VERBOSE, FREEZE, ANALYZE, INDEX_CLEANUP on, PROCESS_TOAST false, PARALLEL 2${target === 'main' ? ", BUFFER_USAGE_LIMIT '2 MB'" : ''}, SKIP_LOCKED) "public".${odd}`);
    expect(job.before).toMatchObject({ dead_rows: expect.any(Number) });
    expect(job.after).toMatchObject({ dead_rows: 0 });
    const log = job.log.map(({ says }) => says).join('\n');
    expect(log).toMatch(target === 'main' ? /tuples: 10000 removed/ : /10000 (dead item identifiers|row versions|removable)/);
    expect(log).not.toMatch(/buffer usage|system usage|INFO: {1,2}(aggressively )?vacuuming/);
    if (target === 'old') expect(await actions.refused('tables.vacuum', { table, buffers: '2 MB' }, options)).toMatchObject([{ name: 'major' }]);
  });

  test('vacuum beside an older snapshot: who has it is named before, and what had to stay after', async () => {
    const owner = await db.connect('maintenance');
    await owner.query('create table seen as select g as a from generate_series(1, 3000) g');
    const holder = await holding(db, 'select count(*) from many');
    await owner.query('delete from seen where a <= 1000');
    const [session] = (await holder.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
    await sleep(1100);
    expect((await actions.sealed('tables.vacuum', { table: 'public.seen' }, options)).blocks).toContain(`Rows that the session ${session?.pid} may still see`);
    expect((await actions.done('tables.vacuum', { table: 'public.seen' }, options)).says).toMatch(/^Done\. 1,000 dead rows stay: somebody may still see them\./);
    await holder.query('rollback');
    // Who began later and only inherits its age from who writes is not named.
    const writer = await holding(db, 'select pg_current_xact_id()');
    const heir = await holding(db, 'select count(*) from many');
    const [writes] = (await writer.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
    await db.sql('do $$ begin for i in 1..5 loop perform pg_current_xact_id(); commit; end loop; end $$');
    await sleep(1100);
    expect((await actions.sealed('tables.vacuum', { table: 'public.seen' }, options)).blocks).toContain(`Rows that the session ${writes?.pid} may still see`);
    await writer.query('rollback');
    await heir.query('rollback');
    expect((await actions.done('tables.vacuum', { table: 'public.seen' }, options)).says).toBe('Done.');
  });

  test('vacuum where the lock is taken: skipping it is said, and no success', async () => {
    const holder = await holding(db, `lock table ${odd} in share mode`);
    const job = await actions.ended(await actions.start('tables.vacuum', { table, locked: 'skip it' }, options));
    await holder.query('rollback');
    expect(job).toMatchObject({ state: 'failed', says: expect.stringContaining('lock not available') });
  });

  test('vacuum full: its lock is spelled out, its name is typed, the file is smaller after it', async () => {
    await db.sql(`delete from ${odd} where id <= 15000`);
    const preview = await actions.sealed('tables.vacuum_full', { table }, options);
    expect(preview).toMatchObject({ risk: 'destructive', plan: [{ lock: 'ACCESS EXCLUSIVE', sql: `VACUUM (FULL, VERBOSE, ANALYZE) "public".${odd}`, note: expect.stringContaining('every read and every write') }] });
    expect(preview.estimate.disk_bytes).toBe(preview.object.bytes);
    expect((await actions.post('tables.vacuum_full', '', { params: { table }, target, seal: preview.seal })).body).toMatchObject({ errors: [{ path: 'confirm' }] });
    const job = await actions.done('tables.vacuum_full', { table }, { ...options, confirm: table });
    expect(Number(job.after?.['table_bytes'])).toBeLessThan(Number(job.before?.['table_bytes']));
    expect(await db.sql(`select count(*)::int as n from ${odd}`)).toEqual([{ n: 5000 }]);
  });

  test('every index of a table is new, one after the other, but for what only a lock rebuilds', async () => {
    const before = await nodes();
    const preview = await actions.sealed('tables.reindex', { table }, options);
    expect(preview.plan.map(({ sql }) => sql)).toEqual(expect.arrayContaining([`REINDEX INDEX CONCURRENTLY "public"."By ""x"""`, ...(target === 'old' ? [expect.stringContaining('"pg_toast"')] : [])]));
    expect(preview.plan[0]?.note).toContain('exclusion constraint’s index under lock only: apart');
    // The index of its TOAST table too: whose it is, what it adds; or why it is left out.
    const [toast] = await db.sql<{ oid: string; bytes: number; others: number }>(`select t.reltoastrelid::regclass::text as oid, pg_indexes_size(t.reltoastrelid)::float8 as bytes, pg_indexes_size(t.oid)::float8 as others from pg_class t where t.oid = $1::regclass`, [table]);
    if (target === 'old') {
      expect(preview.plan.find(({ sql }) => sql.includes('"pg_toast"'))?.note).toContain(`The index of the TOAST table of ${table}, where its long values lie.`);
      expect(preview.object.bytes).toBe((toast?.bytes ?? 0) + (toast?.others ?? 0));
      await holding(db, `select count(*) from ${toast?.oid}`);
      await sleep(1100);
      expect((await actions.sealed('tables.reindex', { table }, options)).blockers).toMatchObject([{ holds: 'AccessShareLock' }]);
      await holders.pop()?.query('rollback');
    } else {
      expect(preview.plan[0]?.note).toContain(`may not name what is in the schema pg_toast: the index of the TOAST table of ${table}.`);
      expect(preview.object.bytes).toBe(toast?.others);
    }
    await actions.done('tables.reindex', { table }, options);
    const after = await nodes();
    expect(Object.keys(after).filter((name) => after[name] === before[name])).toEqual(['apart']);
    expect(await invalid()).toEqual([]);
  });

  test('every partition’s indexes by the partitioned table’s name', async () => {
    const { plan } = await actions.sealed('tables.reindex', { table: 'public.many' }, options);
    expect(plan.map(({ sql }) => sql)).toEqual([1, 2, 3].map((n) => `REINDEX INDEX CONCURRENTLY "public"."many_${n}_id_idx"`));
  });

  test('cut off in the middle: how many are new, and nothing is left; a planted leftover is dropped by its action', async () => {
    const holder = await holding(db, `select count(*) from ${odd}`);
    const id = await actions.start('tables.reindex', { table }, options);
    await vi.waitFor(async () => expect(await invalid()).not.toEqual([]), { timeout: 10_000, interval: 20 });
    // Whom it waits for is said, and that it is not done with it.
    await vi.waitFor(async () => {
      const { progress } = await actions.job(id);
      expect(progress?.phase).toMatch(/^waiting for .*: process \d+ now$/);
      expect(progress?.fraction).toBeLessThan(1);
    }, { timeout: 10_000, interval: 100 });
    await db.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`);
    await sleep(300);
    await holder.query('rollback');
    const job = await actions.ended(id);
    expect(job).toMatchObject({ state: 'failed', says: expect.stringMatching(/\d of \d indexes are new, .* It is mended\.$/) });
    expect(await invalid()).toEqual([]);

    const owner = await db.connect('maintenance');
    const second = await holding(db, `select count(*) from ${odd}`);
    const dying = owner.query(`reindex index concurrently "By ""x"""`).catch(() => 'ended');
    await vi.waitFor(async () => expect(await invalid()).not.toEqual([]), { timeout: 10_000, interval: 20 });
    const left = 'public."By ""x""_ccnew"';
    expect(await actions.refused('indexes.drop_invalid', { index: left }, options)).toMatchObject([{ name: 'building' }]);
    await db.sql(`select pg_terminate_backend(pid) from pg_stat_activity where query like 'reindex index concurrently%' and datname = current_database()`);
    await dying;
    await second.query('rollback');
    expect(await invalid()).toEqual([{ name: 'By "x"_ccnew' }]);
    expect(await actions.done('indexes.drop_invalid', { index: left }, options)).toMatchObject({ before: { invalid_indexes: 1 }, after: { invalid_indexes: 0 }, inverse: null });
    expect(await invalid()).toEqual([]);
    expect(await actions.refused('indexes.drop_invalid', { index: 'public."By ""x"""' }, options)).toMatchObject([{ name: 'valid', saferWay: expect.stringContaining('indexes.drop') }]);
  });
});

test('from PostgreSQL 17 who may maintain a table needs not own it; without, the GRANT is named', async () => {
  await main.sql('create table somebody_elses (a int primary key)');
  const guards = await actions.refused('tables.vacuum_full', { table: 'public.somebody_elses' });
  expect(guards).toMatchObject([{ name: 'privilege', saferWay: expect.stringContaining('GRANT MAINTAIN ON public.somebody_elses TO riskdesk_maintenance') }]);
  await main.sql('grant maintain on somebody_elses to riskdesk_maintenance');
  await actions.done('tables.vacuum_full', { table: 'public.somebody_elses' }, { confirm: 'public.somebody_elses' });
  await actions.done('tables.reindex', { table: 'public.somebody_elses' });
});

test.each([
  ['INFO:  vacuuming "a.public.t"', null],
  ['INFO:  aggressively vacuuming "a.public.t"', null],
  ['INFO:  finished vacuuming "a.pg_toast.pg_toast_1": index scans: 0\npages: 0 removed\ntuples: 0 removed, 0 remain', null],
  ['INFO:  finished vacuuming "a.public.t": index scans: 1\npages: 0 removed, 5 remain\ntuples: 3 removed, 4 remain\nbuffer usage: 12 hits\nsystem usage: CPU', 'INFO:  finished vacuuming "a.public.t": index scans: 1\npages: 0 removed, 5 remain\ntuples: 3 removed, 4 remain'],
  ['WARNING:  skipping vacuum of "t" --- lock not available', 'WARNING:  skipping vacuum of "t" --- lock not available'],
])('%j is logged as %j', (notice, told) => expect(toldByVacuum(notice)).toBe(told));
