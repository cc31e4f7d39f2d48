import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { manifestSchema, type ExportManifest } from '@/lib/kit/export';
import type { JobView } from '@/lib/kit/job';
import type { Measured } from '@/lib/kit/result';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { call } from '@/test/call';
import { useDatabase, type TestDatabase } from '@/test/database';
import { multiset, partitionsOf, plantFamily, type Planted } from '@/test/partitioned';
import { temporaryDirectory } from '@/test/temporary';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
const directory = temporaryDirectory('riskdesk-exports-');
afterAll(() => rmSync(directory, { recursive: true, force: true }));
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
process.env.EXPORT_DIR = join(directory, 'exports');
vi.setConfig({ testTimeout: 90_000 });
const actions = await useActions(db);
const names = (place = join(directory, 'exports')) => (existsSync(place) ? readdirSync(place) : []);
const placeOf = (job: JobView) => join(directory, 'exports', job.id);
const manifestOf = (job: JobView): ExportManifest => manifestSchema.parse(JSON.parse(readFileSync(join(placeOf(job), 'manifest.json'), 'utf8')));
const csvOf = (job: JobView, file: string) => gunzipSync(readFileSync(join(placeOf(job), file)));

/** As the documentation says: the tables, their rows, what ties them. */
async function bringBack(server: TestDatabase, job: JobView): Promise<void> {
  const owner = await server.connect('superuser');
  const { tables } = manifestOf(job);
  for (const { ddl } of tables) for (const statement of ddl) await owner.query(statement);
  for (const { copy_from, file } of tables) await pipeline(Readable.from([csvOf(job, file)]), owner.query(copyFrom(copy_from)));
  for (const { ties } of tables) for (const statement of ties) await owner.query(statement);
}

describe.each([['main', db], ['pg14', old]] as const)('on %s', (target, server) => {
  const { shown, done, run, preview } = onTarget(actions, target);
  const refused = (params: Record<string, string>) => actions.refused('partitions.export', params, { target });
  const drop = async (partition: string, confirm = partition) => actions.ended(await actions.start('partitions.export', { partition, tables: 'are dropped' }, { target, confirm }));
  const exists = async (table: string) => (await server.sql<{ there: boolean }>('select to_regclass($1) is not null as there', [table]))[0]?.there;

  describe('a month of an archive', () => {
    let planted: Planted;
    let parts: string[];
    beforeAll(async () => {
      planted = await plantFamily(server, { name: `Odd "${target}'s" \\ %`, rows: 3000, months: 5 });
      await done('partitions.archive', { table: planted.table, days: '75' });
      parts = await partitionsOf(server, planted.archives[0] ?? '');
    });

    test('is written with those that refer to it, is the same when it is read back, dropped and brought back', async () => {
      const [partition = ''] = parts;
      const { sql, archives } = planted;
      const before = await multiset(sql, archives);
      const plan = (await shown('partitions.export', { partition })).plan;
      expect(plan.map(({ sql: text }) => text).join()).not.toMatch(/DROP/);
      const kept = await done('partitions.export', { partition });
      expect(await multiset(sql, archives)).toEqual(before);
      const { tables } = manifestOf(kept);
      expect(tables.map(({ table }) => table.replace(/_\d{4}_\d\d$/, ''))).toEqual([`Odd "${target}'s" \\ %`, `Odd "${target}'s" \\ % factors`, `Odd "${target}'s" \\ % notes`]);
      for (const { file, sha256, bytes, rows } of tables) {
        const packed = readFileSync(join(placeOf(kept), file));
        expect([createHash('sha256').update(packed).digest('hex'), packed.length, rows > 0]).toEqual([sha256, bytes, true]);
        expect(statSync(join(placeOf(kept), file)).mode & 0o077).toBe(0);
      }
      const { status, body } = await actions.post('partitions.export', '', { params: { partition, tables: 'are dropped' }, target, seal: (await shown('partitions.export', { partition, tables: 'are dropped' })).seal });
      expect([status, body]).toMatchObject([422, { errors: [{ path: 'confirm' }] }]);
      const gone = await drop(partition);
      expect(gone.state, gone.says ?? '').toBe('succeeded');
      expect(await exists(partition)).toBe(false);
      expect(manifestOf(gone).tables.map(({ rows, checksum }) => [rows, checksum])).toEqual(tables.map(({ rows, checksum }) => [rows, checksum]));
      const left = await multiset(sql, archives);
      expect(left.map(({ n }, index) => n + (tables[index]?.rows ?? 0))).toEqual(before.map(({ n }) => n));
      await bringBack(server, gone);
      expect(await multiset(sql, archives)).toEqual(before);
      expect((await preview('partitions.restore', { table: planted.table, from: '2020-01-01', to: '2100-01-01' })).status).toBe(200);
    });

    test('is not dropped where a row has changed since it was written, and the export stays', async () => {
      const [, partition = ''] = parts;
      const owner = await server.connect('superuser');
      // A writer between the two: it has changed a row before the lock is had.
      await owner.query(`begin; update ${partition} set body = 'changed' where ctid = (select min(ctid) from ${partition})`);
      const id = await actions.start('partitions.export', { partition, tables: 'are dropped' }, { target, confirm: partition });
      await vi.waitFor(async () => expect((await actions.job(id)).log.some(({ says }) => says.includes('try 1 gave way'))).toBe(true), { timeout: 20_000, interval: 50 });
      await owner.query('commit');
      const job = await actions.ended(id);
      expect(job).toMatchObject({ state: 'failed', says: expect.stringMatching(/has changed since it was exported: nothing was dropped\..*The export is complete/) });
      expect(await exists(partition)).toBe(true);
      expect(names()).toContain(id);
    });
  });

  test('every kind of value comes back as it was', async () => {
    const owner = await server.connect('maintenance');
    const columns = 'at date not null, f8 float8, f4 float4, n numeric, b bool, t text, c char(7), i interval, ts timestamptz, raw bytea, j json, jb jsonb, a text[], ip inet, net cidr, rng int4range, bits varbit(9), money money, pt point, u uuid, x xml, one "char"';
    await owner.query(`create table "Kinds" (${columns}) partition by range (at)`);
    await owner.query(`create table "Kinds_1" (${columns})`);
    await owner.query(`insert into "Kinds_1" values
      ('2025-01-01', 0.1::float8 + 0.2, 1e-30, 12345678901234567890.123456789, true, E'a"b,c\\nd\\r\\\\e''%', 'ab', '1 mon 2 days 03:04:05.6', '2025-01-01 00:00+02', '\\x00ff5c', '{"a":  1}', '{"b": [null]}', array['x,y', null, '', 'NULL'], '10.0.0.1', '10.0.0.0/8', '[1,5)', '101', 12.5, '(1,2)', '00000000-0000-0000-0000-000000000001', '<a>é</a>', 'q'),
      ('2025-01-02', 'NaN', '-Infinity', null, false, '', '', null, 'infinity', '', null, null, '{}', null, null, 'empty', '', null, null, null, null, null),
      ('2025-01-02', 'NaN', '-Infinity', null, false, '', '', null, 'infinity', '', null, null, '{}', null, null, 'empty', '', null, null, null, null, null),
      ('2025-01-03', null, null, 'NaN', null, '\\.', null, '-1 day', '-infinity', null, 'null', 'null', null, '::1/128', '::/0', null, null, -1, null, null, null, null),
      ('2025-01-04', 1, 2, 3, null, U&'\\+01F600 \\00E9 \\0001', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)`);
    await owner.query(`create table "Wide_1" (${Array.from({ length: 120 }, (_, n) => `"c ${n}" int default ${n}`).join(', ')}); insert into "Wide_1" ("c 0") values (1), (2), (null)`);
    expect(manifestOf(await done('partitions.export', { partition: 'public."Wide_1"' }))).toMatchObject({ tables: [{ rows: 3 }] });
    const hashed = async () => (await server.sql<{ sum: string }>(`select string_agg(md5(k::text), ' ' order by md5(k::text)) as sum from "Kinds_1" k`))[0]?.sum;
    const before = await hashed();
    const job = await drop('public."Kinds_1"');
    expect(job.state, job.says ?? '').toBe('succeeded');
    expect(manifestOf(job)).toMatchObject({ target, tables: [{ rows: 5 }] });
    await bringBack(server, job);
    expect(await hashed()).toBe(before);
  });

  test('a detached partition: defaults, identity, indexes and foreign keys come back; what it refers to is written to while it goes', async () => {
    const owner = await server.connect('maintenance');
    const collation = target === 'main' ? 'collate "C"' : 'collate "POSIX"';
    await owner.query(`create table "Of" (id int primary key); insert into "Of" select generate_series(1, 9);
      create table "Part" (id int generated by default as identity, at date not null default current_date, of int not null references "Of", name text ${collation} check (name <> ''), twice int generated always as (of * 2) stored, primary key (id, at)) partition by range (at);
      create index on "Part" (lower(name)) where of > 3; create table "Part_1" partition of "Part" for values from ('2025-01-01') to ('2025-02-01');
      insert into "Part" (at, of, name) select date '2025-01-01' + g % 28, 1 + g % 9, 'n' || g from generate_series(1, 500) g; grant select on "Part_1" to riskdesk_app`);
    expect((await refused({ partition: 'public."Part_1"' }))[0]?.name).toBe('attached');
    await done('partitions.detach', { partition: 'public."Part_1"' });
    const described = () => server.sql(`select (select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname) from pg_constraint k where k.conrelid = c.oid and k.contype <> 'n') as keys, (select string_agg(pg_get_indexdef(indexrelid), ' ' order by indexrelid::regclass::text) from pg_index where indrelid = c.oid) as indexes,
      (select string_agg(concat_ws(' ', a.attname, a.atttypid::regtype, a.attnotnull, a.attidentity, a.attgenerated, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid)), ', ' order by a.attnum) from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where a.attrelid = c.oid and a.attnum > 0) as columns, c.relowner::regrole::text as owner, has_table_privilege('riskdesk_app', c.oid, 'select') as may
      from pg_class c where c.oid = '"Part_1"'::regclass`);
    const [looks, rows] = [await described(), await multiset((text, values) => server.sql(text, values), ['"Part_1"'])];
    const reader = await server.connect('maintenance');
    await reader.query('begin; select count(*) from "Of"');
    const id = await actions.start('partitions.export', { partition: 'public."Part_1"', tables: 'are dropped' }, { target, confirm: 'public."Part_1"' });
    await vi.waitFor(async () => expect((await actions.job(id)).log.some(({ says }) => says.includes('gave way'))).toBe(true), { timeout: 20_000, interval: 50 });
    await reader.query('commit');
    const job = await actions.ended(id);
    expect(job.state, job.says ?? '').toBe('succeeded');
    await bringBack(server, job);
    expect(await described()).toEqual(looks);
    expect(await multiset((text, values) => server.sql(text, values), ['"Part_1"'])).toEqual(rows);
  });

  test('a server that ends idle sessions and long transactions does not end it', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table "Long" (id int primary key, body text); insert into "Long" select g, md5(g::text) from generate_series(1, 100000) g`);
    const set = (value: string) => server.sql(`do $$ declare n text; begin for n in select name from pg_settings where name in ('idle_session_timeout', 'transaction_timeout') loop execute format('alter role riskdesk_maintenance in database %I set %I = %L', current_database(), n, '${value}'); end loop; end $$`);
    await set('100ms');
    const { state, says } = await run('partitions.export', { partition: 'public."Long"' }).finally(() => set('0'));
    expect([state, says]).toEqual(['succeeded', 'Done.']);
  });

  test('the files of the last export serve again while they hold the same rows, and are not written twice', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table "Twice" (id int, body text) partition by range (id); create table "Twice_1" (id int primary key, body text); insert into "Twice_1" select g, md5(g::text) from generate_series(1, 500) g`);
    const again = { partition: 'public."Twice_1"', tables: 'are dropped', files: 'are those of the last export' };
    expect((await refused(again)).map(({ name }) => name)).toEqual(['earlier']);
    const kept = await done('partitions.export', { partition: again.partition });
    await owner.query('create index on "Twice_1" (body)');
    expect((await refused(again)).map(({ name }) => name)).toEqual(['earlier']);
    await owner.query('drop index "Twice_1_body_idx"');
    await owner.query(`update "Twice_1" set body = 'changed' where id = 7`);
    const dropAgain = async () => actions.ended(await actions.start('partitions.export', again, { target, confirm: again.partition }));
    expect(await dropAgain()).toMatchObject({ state: 'failed', says: expect.stringMatching(/public\.Twice_1 has changed since it was exported: nothing was dropped\./) });
    await owner.query(`update "Twice_1" set body = md5('7') where id = 7`);
    const file = join(placeOf(kept), '1.csv.gz');
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, -20), Buffer.alloc(20)]));
    expect(await dropAgain()).toMatchObject({ state: 'failed', says: expect.stringMatching(/^1\.csv\.gz is not what was exported/) });
    expect(await exists(again.partition)).toBe(true);
    writeFileSync(file, bytes);
    const before = names();
    const job = await dropAgain();
    expect(job.state, job.says ?? '').toBe('succeeded');
    expect([await exists(again.partition), names()]).toEqual([false, before]);
    await done('partitions.import', { export: kept.id });
    expect((await server.sql('select count(*)::int as n, count(distinct body)::int as bodies from "Twice_1"'))[0]).toEqual({ n: 500, bodies: 500 });
  });

  test('what speaks against it is said', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table plain (a int primary key, b text, c int); create table refers (a int references plain); create view reads as select a from refers`);
    const guards = async (partition: string, more: Record<string, string> = {}) => (await refused({ partition, tables: 'are dropped', ...more })).map(({ name }) => name);
    expect(await guards('public.plain')).toEqual(['partition', 'referred']);
    expect(await guards('public.refers')).toEqual(['partition', 'referred']);
    expect((await preview('partitions.export', { partition: 'public.plain' })).body).toMatchObject({ risk: 'light' });
    await owner.query('create table whole (a int primary key, b text, c int) partition by range (a); insert into plain select g from generate_series(1, 20000) g');
    expect(await guards('public.whole')).toContain('kind');
    expect(await guards('public.plain', { bound: '1' })).toEqual(['referred', 'bound']);
  });

  test('killed and cancelled while it writes: nothing of it is seen or left', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table "Slow" (id int primary key, body text); insert into "Slow" select g, md5(g::text) from generate_series(1, 200000) g`);
    const seen = names();
    const unfinished = () => vi.waitFor(() => expect(names().some((name) => name.endsWith('.part'))).toBe(true), { timeout: 20_000, interval: 5 });
    const begin = async () => {
      const id = await actions.start('partitions.export', { partition: 'public."Slow"' }, { target });
      await unfinished();
      return id;
    };
    const killed = await begin();
    await server.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`);
    const cancelled = await actions.ended(killed).then(begin);
    await actions.cancelJob(cancelled);
    for (const id of [killed, cancelled]) {
      const { state, says } = await actions.ended(id);
      if (state !== 'succeeded') expect([state, says]).toEqual([expect.stringMatching(/failed|cancelled/), expect.stringContaining('nothing of the export is kept')]);
      expect(names().includes(id)).toBe(state === 'succeeded');
    }
    expect(names().filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(names().length).toBeGreaterThanOrEqual(seen.length);
    expect((await run('partitions.export', { partition: 'public."Slow"' })).state).toBe('succeeded');
  });
});

test('the list has what is there, says what is damaged, and its files are fetched by who may', async () => {
  const owner = await db.connect('maintenance');
  await owner.query(`create table "../../etc ""x"" é_1" (id int primary key, body text); insert into "../../etc ""x"" é_1" select g, repeat('é,', g) from generate_series(1, 50) g`);
  const job = await actions.done('partitions.export', { partition: 'public."../../etc ""x"" é_1"' });
  const listed = async (target = 'main') => (await call('GET', `/api/partitions/exports?q=${job.id}&target=${target}`, actions.dba)).body as Measured;
  expect(await listed()).toMatchObject({ rows: expect.arrayContaining([expect.objectContaining({ tab: 'public.../../etc "x" é_1', file: '1.csv.gz', rows: 50, state: 'complete', id: job.id }), expect.objectContaining({ file: 'manifest.json' })]), findings: [] });
  expect((await listed('pg14')).rows).toEqual([]);
  const fetched = async (file: string, cookie = actions.people.dba.cookie) => {
    const { GET } = await import('@/app/api/exports/file/route');
    return GET(new Request(`http://localhost:3000/api/exports/file?id=${job.id}&file=${file}`, { headers: { host: 'localhost:3000', cookie } }), { params: Promise.resolve({}) });
  };
  const answer = await fetched('1.csv.gz');
  expect([answer.status, answer.headers.get('content-disposition')]).toEqual([200, `attachment; filename="______etc__x____1-${job.id}.csv.gz"`]);
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(readFileSync(join(placeOf(job), '1.csv.gz')));
  expect(manifestSchema.parse(await (await fetched('manifest.json')).json()).id).toBe(job.id);
  expect((await fetched('1.csv.gz', actions.people.analyst.cookie)).status).toBe(403);
  expect((await fetched('2.csv.gz')).status).toBe(404);
  expect((await fetched(encodeURIComponent('../1.csv.gz'))).status).toBe(422);
  truncateSync(join(placeOf(job), '1.csv.gz'), 10);
  // An answer is shared for a moment.
  await vi.waitFor(async () => expect(await listed()).toMatchObject({ rows: expect.arrayContaining([expect.objectContaining({ state: 'damaged' })]), findings: [{ code: 'partitions.export_damaged', severity: 'critical' }] }), { timeout: 10_000, interval: 200 });
});

test('what a console that died has left of an export whose job has ended is removed when one starts, and nothing else', async () => {
  const owner = await db.connect('maintenance');
  await owner.query(`create table "Left_1" (id int primary key)`);
  const job = await actions.done('partitions.export', { partition: 'public."Left_1"' });
  const others = '00000000-0000-4000-8000-000000000000';
  for (const id of [job.id, others]) mkdirSync(join(directory, 'exports', `${id}.part`));
  const { runForever } = await import('@/lib/run/actions/runner');
  let over = false;
  const running = runForever(() => over);
  await vi.waitFor(() => expect(names().filter((name) => name.endsWith('.part'))).toEqual([`${others}.part`]), { timeout: 10_000, interval: 50 });
  over = true;
  await running;
  expect(names()).toContain(job.id);
});
