import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
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
    await server.sql(`do $$ begin for tries in 1..20000 loop exit when exists (select from pg_trigger where tgname = 'riskdesk_mirror' and tgrelid::regclass::text ~ '^sparse.*_to_'); perform pg_sleep(0.001); end loop; insert into public.sparse values ('2026-01-05', -2); end $$`);
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

describe.each([['main', db, 18], ['pg14', old, 14]] as const)('what is DEFAULT’s own, on %s', (target, server, major) => {
  const { shown, done, doneAtLast, run, start, ended } = onTarget(actions, target, 600_000);
  const refused = async (table: string) => (await actions.refused('partitions.rescue_default', { table: `public.${table}` }, { target })).map(({ name, says }) => `${name}: ${says}`);
  const plant = async (name: string, more: string): Promise<pg.Client> => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table ${name} (id int, at date not null, v int check (v < 1000000), s text default 'x', primary key (id, at)) partition by range (at); create index ${name}_v on ${name} (v); comment on column ${name}.v is 'of the table'; create statistics ${name}_both on id, v from ${name};
      create table ${name}_1 partition of ${name} for values from ('2025-01-01') to ('2025-01-02'); create table ${name}_rest partition of ${name} default; insert into ${name} select g, date '2025-01-01' + g, g from generate_series(0, 60) g; ${more.replaceAll('%', name)}`);
    return owner;
  };
  /** Names of what it has from its table aside. */
  const described = async (rel: string) => (await server.sql<{ line: string }>(`
    select concat_ws(' ', relkind, relowner::regrole, relreplident, reloptions, array(select unnest(relacl)::text order by 1), obj_description(oid, 'pg_class')) as line from pg_class where oid = $1::regclass
    union all select concat_ws(' ', attname, attnotnull, attstorage, attcompression, nullif(attstattarget, -1), attoptions, array(select unnest(attacl)::text order by 1), pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)) from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = $1::regclass and attnum > 0 and not attisdropped
    union all select concat_ws(' ', conname, pg_get_constraintdef(oid), coninhcount, obj_description(oid, 'pg_constraint')) from pg_constraint where conrelid = $1::regclass and conparentid = 0
    union all select concat_ws(' ', pg_get_indexdef(i.indexrelid), indisunique, obj_description(i.indexrelid, 'pg_class')) from pg_index i where indrelid = $1::regclass and not exists (select from pg_inherits where inhrelid = i.indexrelid)
    union all select regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', 'from its table: ') from pg_index i where indrelid = $1::regclass and exists (select from pg_inherits where inhrelid = i.indexrelid)
    union all select concat_ws(' ', pg_get_statisticsobjdef(oid), obj_description(oid, 'pg_statistic_ext')) from pg_statistic_ext where stxrelid = $1::regclass order by 1`, [rel])).map(({ line }) => line);
  const own = `create table %_kinds (k int primary key); insert into %_kinds select generate_series(0, 2000); alter table %_rest add constraint "own key" foreign key (id) references %_kinds on delete cascade; create sequence %_no; alter table %_rest alter s set default nextval('%_no')::text; alter sequence %_no owned by %_rest.s;
    comment on table %_rest is 'It''s own'; grant select, update (v) on %_rest to riskdesk_app; grant insert on %_rest to riskdesk_monitor with grant option; alter table %_rest set (fillfactor = 60, toast.autovacuum_enabled = false), replica identity full; alter table %_rest alter v set statistics 77, alter s set storage external, alter s set compression pglz, alter s set (n_distinct = 5);
    create index "own of %" on %_rest (s, v) where v > 0; comment on index "own of %" is 'of the index'; alter table %_rest add constraint "own unique %" unique (v, id); alter table %_rest add constraint small check (v < 5000); comment on constraint small on %_rest is 'of the check'; create statistics "own both %" (mcv) on s, v from %_rest; comment on statistics "own both %" is 'of both'`;

  test('the new DEFAULT has all of it, however often it is replaced', async () => {
    const owner = await plant('richer', own);
    await owner.query('alter default privileges in schema public grant select, delete on tables to riskdesk_app');
    const before = await described('richer_rest');
    expect(before.join('\n')).toMatch(/"own of richer".*of the index/);
    expect((await done('partitions.rescue_default', { table: 'public.richer' })).log.filter(({ says }) => says.includes('skipping'))).toEqual([]);
    expect(await described('richer_rest')).toEqual(before);
    // So many that lie apart that it takes more than one round.
    await owner.query(`do $$ begin for g in 0..70 loop execute format('create table richer_odd_%s partition of richer for values from (%L) to (%L)', g, date '2026-01-02' + 2 * g, date '2026-01-03' + 2 * g); end loop; end $$; insert into richer select g, date '2026-01-01' + 2 * g, g from generate_series(0, 70) g`);
    expect((await shown('partitions.rescue_default', { table: 'public.richer' })).plan.filter(({ note }) => note.includes('an empty DEFAULT take the place of richer_rest')).length).toBeGreaterThan(1);
    await doneAtLast('partitions.rescue_default', { table: 'public.richer' });
    await owner.query('alter default privileges in schema public revoke select, delete on tables from riskdesk_app');
    expect(await described('richer_rest')).toEqual(before);
    expect(await server.sql(`select relname from pg_class where relname ~ 'riskdesk_(new|old)_' union all select stxname from pg_statistic_ext where stxname ~ 'riskdesk'`)).toEqual([]);
    await owner.query(`insert into richer (id, at) values (70, '2030-01-01')`);
    await expect(owner.query(`insert into richer values (71, '2030-01-01', 6000)`)).rejects.toThrow(/small/);
  });

  test('who depends on it is named before anything runs; where nothing is to be moved, nobody is asked', async () => {
    const owner = await plant('leaned', `create view "sees %" as select v from %_rest; create table refers_% (id int, at date, constraint "refers to rest" foreign key (id, at) references %_rest); create policy p on %_rest using (true); create trigger own_t before update on %_rest for each row execute function suppress_redundant_updates_trigger()
      ${major >= 14 ? '; create function counts_%() returns bigint language sql begin atomic select count(*) from %_rest; end' : ''}`);
    const before = await multiset(server.sql, ['public.leaned']);
    const guards = await refused('leaned');
    expect(guards).toEqual([
      'dependents: constraint refers to rest on table refers_leaned, function counts_leaned(), view "sees leaned" depend on public.leaned_rest and would go on with the old one, which is dropped.',
      expect.stringMatching(/^triggers: public.leaned_rest: Its own trigger own_t would be lost/), expect.stringMatching(/^policies: /),
    ]);
    await owner.query('drop view "sees leaned"; drop table refers_leaned; drop policy p on leaned_rest; drop trigger own_t on leaned_rest');
    expect(await refused('leaned')).toEqual(['dependents: function counts_leaned() depends on public.leaned_rest and would go on with the old one, which is dropped.']);
    await owner.query('drop function counts_leaned()');
    await server.sql('create publication "of rest" for table leaned_rest');
    expect(await refused('leaned')).toEqual([expect.stringMatching(/^publication: public.leaned_rest is published by its name: publication "of rest"/)]);
    await server.sql('drop publication "of rest"');
    await server.sql('create publication "of all" for all tables');
    await done('partitions.rescue_default', { table: 'public.leaned' });
    await server.sql('drop publication "of all"');
    expect(await multiset(server.sql, ['public.leaned'])).toEqual(before);
    await owner.query('create view again as select from leaned_rest');
    expect((await shown('partitions.rescue_default', { table: 'public.leaned' })).plan).toEqual([]);
  });

  test('what comes while it runs is neither lost nor dropped', async () => {
    const owner = await plant('late', '');
    const params = { table: 'public.late' };
    const { plan } = await shown('partitions.rescue_default', params);
    // Built, and repeated into from then on.
    const until = plan.findIndex(({ sql: text }) => text.includes('CREATE TRIGGER'));
    for (const { sql: text } of plan.slice(0, until + 1)) await owner.query(`set search_path = ''; ${text}`);
    await owner.query(`set search_path = public; grant update on late_rest to riskdesk_app; create index later on late_rest (s)`);
    const before = await described('late_rest');
    await done('partitions.rescue_default', params);
    expect(await described('late_rest')).toEqual(before);
    // While a job runs: the change of places sees it.
    for (const [what, says] of [['grant select on late_rest to riskdesk_monitor', /The table has, and the copy has not: privilege SELECT of riskdesk_monitor\. Nothing was changed over/], ['create view on_late as select from public.late_rest', /In the meantime there is what depends on it: view public\.on_late\. Nothing was changed over/]] as const) {
      await owner.query(`insert into late select g, date '2026-01-01' + g, g from generate_series(0, 60) g on conflict do nothing`);
      const id = await start('partitions.rescue_default', params);
      await server.sql(`do $$ begin for tries in 1..20000 loop exit when exists (select from pg_trigger where tgname = 'riskdesk_mirror' and tgrelid = 'late_rest'::regclass); perform pg_sleep(0.001); end loop; ${what.replace('late_rest to', 'public.late_rest to')}; end $$`);
      const job = await ended(id);
      expect(`${job.state}: ${job.says}`).toMatch(says);
      await done('partitions.rescue_default', { ...params, undo: 'is taken back' });
    }
    await server.sql('drop view on_late');
    const all = await multiset(server.sql, ['public.late']);
    expect((await run('partitions.rescue_default', params)).state).toBe('succeeded');
    expect(await multiset(server.sql, ['public.late'])).toEqual(all);
    expect((await described('late_rest')).join()).toContain('riskdesk_monitor=r');
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
