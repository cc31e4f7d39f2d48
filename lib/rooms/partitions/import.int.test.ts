import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ExportManifest } from '@/lib/kit/export';
import type { JobView } from '@/lib/kit/job';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { multiset, partitionsOf, plantFamily, type Planted } from '@/test/partitioned';
import { temporaryDirectory } from '@/test/temporary';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
const directory = temporaryDirectory('riskdesk-imports-');
afterAll(() => rmSync(directory, { recursive: true, force: true }));
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
process.env.EXPORT_DIR = directory;
vi.setConfig({ testTimeout: 90_000 });
const actions = await useActions(db);
const there = 'it is attached where it was';
type Tables = ExportManifest['tables'];
/** Another export that is the same but for its files and manifest, as `change` leaves them; a console keeps the manifests that it has read. */
function changed({ id: from }: JobView, change: (place: string, tables: Tables) => void): string {
  const id = uuidv7();
  const place = join(directory, id);
  cpSync(join(directory, from), place, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(place, 'manifest.json'), 'utf8')) as ExportManifest;
  change(place, manifest.tables);
  writeFileSync(join(place, 'manifest.json'), JSON.stringify({ ...manifest, id }));
  return id;
}

describe.each([['main', db], ['pg14', old]] as const)('on %s', (target, server) => {
  const { shown, done, run, ended } = onTarget(actions, target);
  const refused = async (params: Record<string, string>) => (await actions.refused('partitions.import', params, { target })).map(({ name, says }) => `${name}: ${says}`);
  const exists = async (table: string) => (await server.sql<{ there: boolean }>('select to_regclass($1) is not null as there', [table]))[0]?.there;
  const gone = async (partition: string) => {
    const job = await ended(await actions.start('partitions.export', { partition, tables: 'are dropped' }, { target, confirm: partition }));
    expect(job.state, job.says ?? '').toBe('succeeded');
    return job;
  };
  const described = (table: string) => server.sql(`
    select (select string_agg(k.conname || ' ' || pg_get_constraintdef(k.oid), ' ' order by k.conname) from pg_constraint k where k.conrelid = c.oid and k.contype <> 'n') as keys, (select string_agg(pg_get_indexdef(indexrelid), ' ' order by indexrelid::regclass::text) from pg_index where indrelid = c.oid) as indexes,
      (select string_agg(concat_ws(' ', a.attname, a.atttypid::regtype, a.attnotnull, a.attidentity, a.attgenerated, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid)), ', ' order by a.attnum) from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where a.attrelid = c.oid and a.attnum > 0) as columns,
      c.relowner::regrole::text as owner, c.relpersistence::text as persistence, (select string_agg(pg_get_triggerdef(t.oid), ' ' order by t.tgname) from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers, c.relacl::text as grants, c.reloptions as options, (select string_agg(x.relname || x.reloptions::text, ' ' order by x.relname) from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid) as index_options, pg_get_expr(c.relpartbound, 0) as bound, (select inhparent::regclass::text from pg_inherits where inhrelid = c.oid) as parent
    from pg_class c where c.oid = $1::regclass`, [table]);

  describe('a month of an archive', () => {
    let planted: Planted;
    let parts: string[];
    const every = () => multiset(planted.sql, planted.archives);
    beforeAll(async () => {
      planted = await plantFamily(server, { name: `Odd "${target}'s" \\ %`, rows: 3000, months: 5 });
      await done('partitions.archive', { table: planted.table, days: '75' });
      parts = await partitionsOf(server, planted.archives[0] ?? '');
    });

    test('exported, dropped and imported it is the same, attached, and can be restored and exported again', async () => {
      const [partition = ''] = parts;
      const [before, looks] = [await every(), await described(partition)];
      const job = await gone(partition);
      expect(await every()).not.toEqual(before);
      const preview = await shown('partitions.import', { export: job.id, afterwards: there });
      expect(preview).toMatchObject({ risk: 'heavy', estimate: { disk_bytes: expect.any(Number) } });
      expect(preview.plan.map(({ sql }) => sql).join('\n')).toMatch(/CREATE TABLE.*COPY.*IS DISTINCT FROM.*ATTACH PARTITION/s);
      const { inverse } = await done('partitions.import', { export: job.id, afterwards: there });
      expect(await every()).toEqual(before);
      expect(await described(partition)).toEqual(looks);
      expect(await refused({ export: job.id })).toEqual([expect.stringMatching(/^back: .* is back already/)]);
      // What takes it back rests on the same files.
      const { action, params } = inverse as { action: string; params: Record<string, string> };
      const taken = await ended(await actions.start(action, params, { target, confirm: partition }));
      expect([taken.state, await exists(partition), existsSync(join(directory, taken.id))], taken.says ?? '').toEqual(['succeeded', false, false]);
      await done('partitions.import', { export: job.id, afterwards: there });
      expect(await every()).toEqual(before);
      await done('partitions.restore', { table: planted.table, from: '2020-01-01', to: '2100-01-01' });
      expect(await planted.violations()).toEqual([]);
      await done('partitions.archive', { table: planted.table, days: '75' });
    });

    test('its place is looked at before: taken, cut otherwise, with a column more', async () => {
      const [partition = ''] = parts;
      const owner = await server.connect('maintenance');
      const [archive = ''] = planted.archives;
      const before = await every();
      const job = await gone(partition);
      const asked = { export: job.id, afterwards: there };
      await owner.query(`alter table ${archive} add column later int`);
      expect(await refused(asked)).toEqual([expect.stringMatching(/^columns: .* has a column that the export has not: later integer\.$/)]);
      await owner.query(`alter table ${archive} drop column later, alter column body type varchar(50)`);
      expect(await refused(asked)).toEqual([expect.stringMatching(/^columns: .*body character varying\(50\)/), expect.stringMatching(/^columns: The export has a column/)]);
      await owner.query(`alter table ${archive} alter column body type text`);
      const [bound] = await server.sql<{ bound: string }>(`select c.relispartition, pg_get_expr(c.relpartbound, 0) as bound from pg_class c where c.oid = $1::regclass`, [parts[1]]);
      await owner.query(`create table in_its_place partition of ${archive} for values from ('2000-01-01+00') to (${/FROM \((.*?)\)/.exec(bound?.bound ?? '')?.[1]})`);
      expect(await refused(asked)).toEqual([expect.stringMatching(/^overlap: public\.in_its_place holds a part of its range/)]);
      await owner.query('drop table in_its_place');
      await done('partitions.import', asked);
      expect(await every()).toEqual(before);
    });
  });

  describe('a detached partition', () => {
    let job: JobView;
    let looks: unknown;
    let rows: unknown;
    const rowsNow = () => multiset((text, values) => server.sql(text, values), ['"Part_1"']);
    beforeAll(async () => {
      const owner = await server.connect('maintenance');
      await owner.query(`create table "Of" (id int primary key); insert into "Of" select generate_series(1, 9);
        create table "Part" (id int generated by default as identity, at date not null default current_date, of int not null references "Of" deferrable, name text collate "C" check (name <> ''), twice int generated always as (of * 2) stored, primary key (id, at), unique (at, id) deferrable initially deferred) partition by range (at);
        create index on "Part" (lower(name)) where of > 3; create table "Part_1" partition of "Part" for values from ('2025-01-01') to ('2025-02-01');
        insert into "Part" (at, of, name) select date '2025-01-01' + g % 28, 1 + g % 9, 'n' || g from generate_series(1, 500) g; grant select on "Part_1" to riskdesk_app; alter table "Part_1" set (fillfactor = 70, autovacuum_enabled = off); alter index "Part_1_pkey" set (fillfactor = 60);
        create function shout() returns trigger language plpgsql as $$ begin new.name := upper(new.name); return new; end $$; create trigger loud before insert on "Part_1" for each row execute function shout()`);
      await done('partitions.detach', { partition: 'public."Part_1"' });
      if (!(await server.sql<{ is: string }>(`select attidentity as is from pg_attribute where attrelid = '"Part_1"'::regclass and attname = 'id'`))[0]?.is) await owner.query('alter table "Part_1" alter id add generated by default as identity (start 501)');
      [looks, rows] = [await described('"Part_1"'), await rowsNow()];
      job = await gone('public."Part_1"');
    });

    test('a file that was changed is named, whatever was changed, and nothing is written', async () => {
      const rewritten = (from: RegExp, to: string, known: boolean) => (place: string, [first]: Tables) => {
        const file = join(place, '1.csv.gz');
        const bytes = gzipSync(gunzipSync(readFileSync(file)).toString('latin1').replace(from, to));
        writeFileSync(file, bytes);
        // As who means to deceive would make it.
        if (first && known) Object.assign(first, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
      };
      const cut = changed(job, (place) => truncateSync(join(place, '1.csv.gz'), 100));
      expect(await refused({ export: cut })).toEqual(['damaged: 1.csv.gz of the export is missing, or of another size than when it was made.']);
      const flipped = (place: string) => {
        const bytes = readFileSync(join(place, '1.csv.gz'));
        bytes[200] = (bytes[200] ?? 0) ^ 1;
        writeFileSync(join(place, '1.csv.gz'), bytes);
      };
      const cases: [change: (place: string, tables: Tables) => void, says: string][] = [
        [flipped, '(it cannot be|its|it has)'], [rewritten(/n250/, 'n251', true), 'its rows are not those that were written'], [rewritten(/\n[^\n]*n250\n/, '\n', true), 'it has 499 rows instead of 500'], [rewritten(/,name/, ',name,more', true), 'it has other columns'],
      ];
      for (const [change, says] of cases) {
        const outcome = await run('partitions.import', { export: changed(job, change) });
        expect([outcome.state, outcome.says]).toEqual(['failed', expect.stringMatching(new RegExp(`^1\\.csv\\.gz is not what was exported: ${says}.*\\. Nothing of the export is in the database\\.$`))]);
      }
      expect(await exists('"Part_1"')).toBe(false);
    });

    test('a manifest that says more than its table is not run', async () => {
      const strays: [what: string, where: 'ddl' | 'ties'][] = [
        ['DROP TABLE "Of"', 'ties'], ['ALTER TABLE public."Of" OWNER TO postgres', 'ties'], ['CREATE INDEX x ON public."Of" (id)', 'ddl'], ['ALTER TABLE public."Part_1" ADD CHECK (true), DISABLE TRIGGER ALL', 'ddl'], ['GRANT ALL ON public."Of", public."Part_1" TO PUBLIC', 'ties'],
        ['GRANT ALL ON public."Part_1" TO PUBLIC; SELECT 1', 'ties'], ['SELECT 1', 'ties'],
      ];
      for (const [what, where] of strays) expect(await refused({ export: changed(job, (_, [first]) => first?.[where].push(what)) })).toEqual([expect.stringMatching(/^manifest: /)]);
      expect(await refused({ export: changed(job, (_, [first]) => first?.ddl.splice(0, 1, 'CREATE TABLE public."Part_1" (id int) INHERITS ("Of")')) })).toEqual([expect.stringMatching(/^manifest: /)]);
      for (const bad of [uuidv7(), '../x', `${job.id}.part`]) expect((await actions.preview('partitions.import', { export: bad }, { target })).status).toBeGreaterThanOrEqual(404);
      expect((await actions.preview('partitions.import', { export: job.id }, { target: target === 'main' ? 'pg14' : 'main' })).status).toBe(404);
    });

    test('what it rests on is looked for before: names that are taken, and roles, types, tables and versions that are not there', async () => {
      const owner = await server.connect('maintenance');
      await owner.query('create table "Part_1" (a int)');
      expect(await refused({ export: job.id })).toEqual(['exists: public.Part_1 is there already, and is not from this export.']);
      await owner.query('drop table "Part_1"; create index "Part_1_pkey" on "Of" (id)');
      expect(await refused({ export: job.id })).toEqual(['taken: An index or a table public.Part_1_pkey is there already, and one of that name comes back.']);
      await owner.query('drop index "Part_1_pkey"; alter table "Of" rename to "Off"');
      expect(await refused({ export: job.id })).toEqual(['referred: public.Of, which it referred to, is gone.']);
      await owner.query('alter table "Off" rename to "Of"');
      const says = (change: (tables: Tables) => void) => refused({ export: changed(job, (_, tables) => change(tables)) });
      expect(await says(([first]) => first?.ties.push('GRANT SELECT ON public."Part_1" TO nobody_here'))).toEqual([expect.stringMatching(/^role: There is no role nobody_here/)]);
      expect(await says(([first]) => Object.assign(first?.columns[0] ?? {}, { type: 'public.mood' }))).toEqual([expect.stringMatching(/^type: There is no type public\.mood/)]);
      const later = changed(job, () => {});
      const manifest = join(directory, later, 'manifest.json');
      writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"server_version":"[^"]*"/, '"server_version":"99.1"'));
      expect(await refused({ export: later })).toEqual([expect.stringMatching(/^major: It was made on PostgreSQL 99\.1, and this is \d+: an older server/)]);
      expect(await refused({ export: job.id, afterwards: there })).toEqual([expect.stringMatching(/^attach: The export does not say of what public\.Part_1 was a partition/)]);
    });

    test('ended half way: all rows are there or none, and it goes on from there to the same table', async () => {
      const reader = await server.connect('maintenance');
      await reader.query('begin; lock table "Of" in share mode');
      const id = await actions.start('partitions.import', { export: job.id }, { target });
      await vi.waitFor(async () => expect((await actions.job(id)).log.some(({ says }) => says.includes('gave way'))).toBe(true), { timeout: 20_000, interval: 50 });
      await server.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`);
      const half = await ended(id);
      expect([half.state, half.says]).toEqual(['failed', expect.stringMatching(/Every row is back and verified; .* start it again to go on/)]);
      await reader.query('commit');
      expect(await rowsNow()).toEqual(rows);
      expect((await shown('partitions.import', { export: job.id })).plan.map(({ sql }) => sql).join()).not.toMatch(/COPY/);
      await done('partitions.import', { export: job.id });
      expect(await described('"Part_1"')).toEqual(looks);
      expect(await rowsNow()).toEqual(rows);
      // Its identity goes on behind the rows that came back.
      const owner = await server.connect('maintenance');
      await owner.query(`insert into "Part_1" (at, of, name) values ('2025-01-01', 1, 'new')`);
      expect(await server.sql('select max(id) = (select id from "Part_1" where name = \'NEW\') as behind from "Part_1"')).toEqual([{ behind: true }]);
    });
  });

  test('killed and cancelled while it reads: nothing of it is seen, and it is done again', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table "Slow_all" (id int, body text) partition by range (id); create table "Slow" (id int primary key, body text); insert into "Slow" select g, md5(g::text) from generate_series(1, 100000) g`);
    const of = ['"Slow"'];
    const before = await multiset((text, values) => server.sql(text, values), of);
    const job = await gone('public."Slow"');
    const begin = async () => {
      const id = await actions.start('partitions.import', { export: job.id }, { target });
      await vi.waitFor(async () => expect(await server.sql(`select from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database() and query ~ '^COPY'`)).toHaveLength(1), { timeout: 20_000, interval: 2 });
      return id;
    };
    const killed = await begin();
    await server.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`);
    expect(await ended(killed)).toMatchObject({ state: 'failed', says: expect.stringContaining('Nothing of the export is in the database.') });
    const cancelled = await begin();
    await actions.cancelJob(cancelled);
    const { state, says } = await ended(cancelled);
    if (state !== 'succeeded') {
      expect([state, says]).toEqual(['cancelled', expect.stringContaining('Nothing of the export is in the database.')]);
      expect(await exists('"Slow"')).toBe(false);
      await done('partitions.import', { export: job.id });
    }
    expect(await multiset((text, values) => server.sql(text, values), of)).toEqual(before);
  });
});
