import { describe, expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { rounds } from '@/test/faults';
import { multiset, plantFamily } from '@/test/partitioned';
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

describe.each(places)('on %s', (target, server) => {
  const { shown, done, doneAtLast, preview } = onTarget(actions, target, 600_000);

  test('a plain table becomes a partitioned one while four writers insert, update and delete', { timeout: 900_000 }, async () => {
    const planted = await plantFamily(server, { name: 'Plain', rows, months: 4, whole: true });
    const { table, tables, sql, owner } = planted;
    expect((await preview('partitions.partition_table', { table: tables[1] ?? '', by: 'no' })).body).toMatchObject({ code: 'guard_refused' });
    await owner.query(`grant select on ${table} to riskdesk_app`);
    const writers = await startWriters(server, planted);
    const params = { table, by: 'at' };
    const job = await doneAtLast('partitions.partition_table', params);
    const { longest, alone, waited, writes, failed, acknowledged } = await writers.stop();
    process.stdout.write(`${target}, ${rows} rows and ${writes} writes beside: longest stall of a writer ${longest.toFixed(0)} ms (${alone.toFixed(0)} ms without the job), longest wait for a lock ${waited.toFixed(0)} ms; the job saw ${job.waitedMs.toFixed(0)} ms, held ${job.progress?.held_ms.toFixed(0)} ms\n`);
    expect(failed).toEqual([]);
    expect(await multiset(sql, [table])).toEqual([await acknowledged()]);
    const [found] = await sql<{ kind: string; partitions: number; may: boolean }>(`select relkind::text as kind, (select count(*)::int from pg_inherits where inhparent = c.oid) as partitions, has_table_privilege('riskdesk_app', c.oid, 'select') as may from pg_class c where c.oid = $1::regclass`, [table]);
    expect(found).toMatchObject({ kind: 'p', may: true });
    expect(found?.partitions).toBeGreaterThan(6);
    // New rows get new numbers.
    expect(await sql(`insert into ${table} (at, owner, body) values (now(), 'after', 'x') returning id > (select max(id) from public.ledger) as newer`)).toEqual([{ newer: true }]);
    expect((await preview('partitions.partition_table', params)).status).toBe(404);
  });

  test('what an unfinished run has left is taken back', async () => {
    const { owner, sql } = await plantFamily(server, { name: 'Begun', rows: 100, months: 2, whole: true });
    const params = { table: 'public."Begun"', by: 'at' };
    const { plan } = await shown('partitions.partition_table', params);
    for (const { sql: text } of plan.slice(0, 3)) await owner.query(`set search_path = ''; ${text}`);
    await owner.query(`insert into public."Begun" (at, owner, body) values (now(), 'x', 'y')`);
    expect(await sql(`select count(*)::int as n from public."Begun_riskdesk_new"`)).toEqual([{ n: 1 }]);
    expect((await shown('partitions.partition_table', params)).plan.length).toBe(plan.length - 3);
    await done('partitions.partition_table', { ...params, undo: 'is taken back' });
    expect(await sql(`select relname from pg_class where relname ~ '^Begun.*riskdesk'`)).toEqual([]);
    await done('partitions.partition_table', { ...params, old: 'is dropped' });
    expect(await sql(`select count(*)::int as n from public."Begun"`)).toEqual([{ n: 101 }]);
    expect(await sql(`select relname from pg_class where relname ~ 'Begun.*riskdesk_(new|old)$'`)).toEqual([]);
  });
});

describe.each([['main', db], ['pg14', old]] as const)('tables that refer to it, on %s', (target, server) => {
  const { shown, ended, start } = onTarget(actions, target, 600_000);
  const refused = async (params: Record<string, string>) => actions.refused('partitions.partition_table', params, { target });

  test('those whose foreign key has the column refer to the partitioned table after it, as they did before, while rows come and go', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table "Up" (id bigint generated always as identity, at timestamptz not null, body text, primary key (id, at));
      create table "Down %" (of_id bigint not null, of_at timestamptz not null, no int, primary key (of_id, of_at, no), constraint "to up" foreign key (of_id, of_at) references "Up" on delete cascade on update cascade deferrable initially deferred);
      create table loose (of_id bigint, of_at timestamptz, word text);
      insert into "Up" (at, body) select now() - make_interval(hours => g), md5(g::text) from generate_series(1, 4000) g;
      insert into "Down %" select id, at, k from "Up", generate_series(1, 2) k; insert into loose select id, at, 'x' from "Up" where id % 5 = 0; insert into loose values (-1, now(), 'refers to nothing');
      alter table loose add constraint unproved foreign key (of_id, of_at) references "Up" (id, at) ${target === 'main' ? 'on delete set null (of_id)' : 'on delete set null'} not valid`);
    if (target === 'main') await owner.query(`create table "Cut" (of_id bigint not null, of_at timestamptz not null, foreign key (of_id, of_at) references "Up") partition by range (of_at); create table "Cut_1" partition of "Cut" default; insert into "Cut" select id, at from "Up" where id % 7 = 0`);
    const keys = () => server.sql(`select conrelid::regclass::text as on, conname, convalidated, pg_get_constraintdef(oid) as def, (select relkind::text from pg_class c where c.oid = confrelid) as to from pg_constraint where contype = 'f' and confrelid = '"Up"'::regclass and conparentid = 0 order by 1, 2`);
    const before = await keys();
    const params = { table: 'public."Up"', by: 'at', bound: '2000' };
    const plan = (await shown('partitions.partition_table', params)).plan.map(({ sql }) => sql);
    expect(plan.filter((text) => text.includes('VALIDATE'))).toHaveLength(before.length - 1);
    const writer = await server.connect('maintenance');
    const over = new AbortController();
    const writing = (async () => {
      let n = 0;
      for (; !over.signal.aborted; n += 1) {
        await writer.query(`with up as (insert into "Up" (at, body) values (now() - make_interval(hours => ${n % 4000}), 'new') returning id, at) select from up`);
        await writer.query(`insert into "Down %" select id, at, 9 from "Up" where body = 'new' order by id desc limit 1 on conflict do nothing`);
        await writer.query(`delete from "Up" where id = (select min(id) from "Up" where id % 7 <> 0 and id % 5 <> 0)`);
        await writer.query(`update "Up" set body = 'changed' where id = (select max(id) from "Up")`);
      }
      return n;
    })();
    const id = await start('partitions.partition_table', params);
    const job = await ended(id).finally(() => over.abort());
    const written = await writing;
    expect(job.state, job.says ?? '').toBe('succeeded');
    expect(written).toBeGreaterThan(0);
    const after = await keys();
    expect(after.map((one) => ({ ...one, to: 'r' }))).toEqual(before);
    expect(after.every(({ to }) => to === 'p')).toBe(true);
    for (const table of ['"Down %"', ...(target === 'main' ? ['"Cut"'] : [])]) expect(await server.sql(`select from ${table} d where not exists (select from "Up" u where u.id = d.of_id and u.at = d.of_at)`)).toEqual([]);
    await expect(owner.query(`insert into loose values (-2, now(), 'x')`)).rejects.toThrow(/unproved/);
    const [one] = await server.sql<{ id: string }>(`select of_id::text as id from loose l where of_id > 0 and of_id % 7 <> 0 limit 1`);
    await owner.query(`delete from "Up" where id = ${one?.id}`);
    expect(await server.sql(`select from "Down %" where of_id = ${one?.id}`)).toEqual([]);
    expect(await server.sql(`select of_at is null as cleared from loose where of_id is null`)).toEqual([{ cleared: target !== 'main' }]);
    expect(await server.sql(`select from pg_constraint where confrelid = 'public."Up_riskdesk_old"'::regclass`)).toEqual([]);
  });

  test('those whose foreign key has not are named, and it is refused', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table narrow (id int primary key, at date not null, of int references narrow, unique (id, at)); create table "Refers one" (of int references narrow); create table wider (of int, of_at date, foreign key (of, of_at) references narrow (id, at))`);
    const guards = await refused({ table: 'public.narrow', by: 'at' });
    expect(guards.map(({ name }) => name)).toEqual(['self_reference', 'referred']);
    expect(guards[1]?.says).toMatch(/^public\.Refers one \("?Refers one_of_fkey"?\) refers to it without at: /);
    await owner.query(`create table wide (id int, at date, primary key (id, at)); create table cut (of int, at date, foreign key (of, at) references wide) partition by range (at)`);
    if (target === 'main') expect((await shown('partitions.partition_table', { table: 'public.wide', by: 'at' })).plan.some(({ sql }) => /ALTER TABLE "public"."cut" ADD CONSTRAINT .* NOT VALID/.test(sql))).toBe(true);
    else expect((await refused({ table: 'public.wide', by: 'at' })).map(({ name }) => name)).toEqual(['referred_by_partitioned']);
  });

  test('broken off right after the change of places, what is left to be proved is proved', async () => {
    const owner = await server.connect('maintenance');
    // So many rows that the proof lasts.
    await owner.query(`create table over_there (id int, at date, primary key (id, at)); create table refers_there (of int, at date); insert into over_there select g, date '2025-01-01' + g from generate_series(1, 200) g; insert into refers_there select id, at from over_there, generate_series(1, 2000);
      alter table refers_there add constraint there foreign key (of, at) references over_there`);
    const id = await start('partitions.partition_table', { table: 'public.over_there', by: 'at', bound: '2000' });
    await server.sql(`do $$ begin
      loop exit when exists (select from pg_class where relname = 'over_there' and relkind = 'p'); perform pg_sleep(0.001); end loop;
      perform pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database(); end $$`);
    const job = await ended(id);
    expect(job).toMatchObject({ state: 'succeeded', says: expect.stringMatching(/It was done all the same: The table is partitioned. It is mended/) });
    expect(await server.sql(`select convalidated from pg_constraint where conname = 'there' and conparentid = 0`)).toEqual([{ convalidated: true }]);
    expect(await server.sql(`select from pg_proc where proname like '%riskdesk_mirror'`)).toEqual([]);
  });
});
