import type pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { dumpOf } from '@/test/dump';
import type { Ask } from '@/lib/kit/diagnostic';
import { render, type SQL } from '@/lib/pg/sql';
import { columnSettings, columnStorage, commentOf, copyDefinitions, grantsTo, propertiesOf, refuseDifferences, renames, replicaIdentity, storageOf } from './own-properties';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
vi.setConfig({ testTimeout: 90_000 });
const actions = await useActions(db);

describe.each([['main', db, 18], ['pg14', old, 14]] as const)('on %s', (target, server, major) => {
  const { done, run, shown, start, ended } = onTarget(actions, target, 600_000);
  const refused = async (table: string) => (await actions.refused('partitions.partition_table', { table, by: 'at' }, { target })).map(({ name, says }) => `${name}: ${says}`);

  /** As pg_dump writes it, but for what makes it a partitioned one. */
  const asPlain = (statements: string[] | null) => statements?.map((text) => text.replaceAll(' ON ONLY ', ' ON ').replace('ALTER TABLE ONLY ', 'ALTER TABLE ').replace(/\nPARTITION BY RANGE \(at\)/, '').replace(/(?<=^CREATE TABLE.*\n\))\nWITH \(.*?\)$/s, '')).toSorted() ?? null;

  /** What the catalog says of it: its own line by line, its indexes and sequences by their names. */
  const described = async (table: string) => (await server.sql<{ line: string }>(`
    select 'table ' || pg_get_userbyid(relowner) || ' ' || relreplident::text || ' ' || coalesce(obj_description(c.oid, 'pg_class'), '-') as line from pg_class c where oid = $1::regclass
    union all select concat_ws(' ', 'grant', privilege_type, grantee::regrole, is_grantable) from pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) where oid = $1::regclass
    union all select concat_ws(' ', 'column', row_number() over (order by attnum), attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage, attcompression, attcollation::regcollation, nullif(attstattarget, -1), attoptions, attacl, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum))
      from pg_attribute a left join pg_attrdef d on adrelid = attrelid and adnum = attnum where attrelid = $1::regclass and attnum > 0 and not attisdropped
    union all select concat_ws(' ', 'constraint', conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')) from pg_constraint where conrelid = $1::regclass and conparentid = 0
    union all select concat_ws(' ', 'index', replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON '), indisprimary, indisunique, obj_description(indexrelid, 'pg_class')) from pg_index where indrelid = $1::regclass
    union all select concat_ws(' ', 'statistics', pg_get_statisticsobjdef(oid), obj_description(oid, 'pg_statistic_ext')) from pg_statistic_ext where stxrelid = $1::regclass
    union all select concat_ws(' ', 'sequence', s.oid::regclass, q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle, array(select unnest(coalesce(s.relacl, acldefault('s', s.relowner)))::text order by 1), obj_description(s.oid, 'pg_class'), pg_sequence_last_value(s.oid), a.attname)
      from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_sequence q on q.seqrelid = s.oid join pg_attribute a on attrelid = refobjid and attnum = refobjsubid where d.classid = 'pg_class'::regclass and refobjid = $1::regclass and deptype in ('a', 'i')
    order by 1`, [table])).map(({ line }) => line);

  /** A table with everything that one can have and a partitioned one too. */
  const plantRich = async (name: string): Promise<pg.Client> => {
    const owner = await server.connect('maintenance');
    const rich = `"${name}"`;
    await owner.query(`create table "${name} up" (k int primary key); insert into "${name} up" values (1);
      create table ${rich} (id bigint generated always as identity (start with 7 increment by 3 maxvalue 900000 cache 2) , gone int, at timestamptz not null, no serial, "Va%l" text collate "C" default 'x''\\y', v int constraint positive check (v > 0), twice int generated always as (v * 2) stored, big text, up int constraint "to up" references "${name} up" on delete set null deferrable,
        primary key (id, at) with (fillfactor = 80), constraint once unique (at, v)) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_enabled = false);
      alter table ${rich} drop column gone; alter table ${rich} alter column v set statistics 1000, alter column "Va%l" set (n_distinct = -0.5), alter column big set storage external, alter column "Va%l" set compression pglz;
      alter table ${rich} replica identity full;
      create index "by v %" on ${rich} using btree (v desc nulls last, lower("Va%l") text_pattern_ops) include (big) with (fillfactor = 60) where v > 1 and "Va%l" <> ' USING ';
      create unique index on ${rich} (at, upper("Va%l")); create index on ${rich} using brin (at) with (pages_per_range = 16); create index on ${rich} using hash (up);
      create statistics "${name} both" (ndistinct, mcv) on v, at from ${rich}; create statistics "${name} one" on (v + 1) from ${rich};
      comment on table ${rich} is 'What the user''s \\ said'; comment on column ${rich}.v is 'of v'; comment on index "by v %" is 'of the index'; comment on constraint positive on ${rich} is 'of the check'; comment on constraint "to up" on ${rich} is 'of the key'; comment on constraint once on ${rich} is 'once'; comment on statistics "${name} both" is 'of both'; comment on sequence "${name}_id_seq" is 'of the sequence';
      grant select (id, v), update (v) on ${rich} to riskdesk_app; grant insert on ${rich} to riskdesk_monitor with grant option; grant references on ${rich} to public; grant usage on sequence "${name}_id_seq" to riskdesk_app;
      ${major >= 18 ? `alter table ${rich} add column half int generated always as (v / 2) virtual, add constraint loose check (v < 100000) not enforced, add constraint "v there" not null v; comment on constraint "v there" on ${rich} is 'of not null';` : ''}
      ${major >= 15 ? `create unique index on ${rich} (at, up, id) nulls not distinct;` : ''}
      ${major >= 17 ? `grant maintain on ${rich} to riskdesk_app;` : ''}
      insert into ${rich} (at, "Va%l", v, up) select now() - make_interval(hours => g), 't' || g, g, 1 from generate_series(1, 800) g;
      create table "${name} down" (id bigint, at timestamptz, constraint "to it" foreign key (id, at) references ${rich}); comment on constraint "to it" on "${name} down" is 'of the one to it'`);
    return owner;
  };

  test('a table is after it what it was before, by its catalog and by pg_dump, but that it is partitioned', async () => {
    const owner = await plantRich('Rich');
    // Whom default privileges would let read whatever is new may read none of it.
    await owner.query('alter default privileges in schema public grant select, delete on tables to riskdesk_app; alter default privileges in schema public grant all on sequences to riskdesk_monitor');
    const [before, dump] = [await described('"Rich"'), asPlain(await dumpOf(server, major, 'public."Rich"'))];
    await done('partitions.partition_table', { table: 'public."Rich"', by: 'at', bound: '2000' });

    await owner.query('alter default privileges in schema public revoke select, delete on tables from riskdesk_app; alter default privileges in schema public revoke all on sequences from riskdesk_monitor');
    expect(await described('"Rich"')).toEqual(before);
    expect(asPlain(await dumpOf(server, major, 'public."Rich"'))).toEqual(dump);
    expect(await server.sql(`select distinct c.reloptions, t.reloptions as toast, c.relreplident, c.relacl::text, (select attstattarget from pg_attribute where attrelid = c.oid and attname = 'v') as v, (select attoptions from pg_attribute where attrelid = c.oid and attname = 'Va%l') as o
      from pg_inherits join pg_class c on c.oid = inhrelid join pg_class t on t.oid = c.reltoastrelid where inhparent = '"Rich"'::regclass`)).toEqual([{ reloptions: ['fillfactor=70', 'autovacuum_vacuum_scale_factor=0.05'], toast: ['autovacuum_enabled=false'], relreplident: 'f', relacl: expect.not.stringMatching(/riskdesk_(app|monitor)/), v: 1000, o: ['n_distinct=-0.5'] }]);
    expect(await server.sql(`select obj_description(oid, 'pg_constraint') as said from pg_constraint where conname = 'to it' and conparentid = 0`)).toEqual([{ said: 'of the one to it' }]);
    // The sequence goes on where it stood, by the name it had.
    expect(await server.sql(`select nextval('"Rich_id_seq"') > max(id) as next, nextval('"Rich_no_seq"') > max(no) as serial from "Rich"`)).toEqual([{ next: true, serial: true }]);
    await expect(server.sql(`insert into "Rich" (at, v) values (now(), 0)`)).rejects.toThrow(/positive/);
  });

  test('a table of another role, with an awkward name and a primary key without the column, keeps the key’s name and all else', async () => {
    const owner = await server.connect('maintenance');
    const [table, other] = [`"narrow 'k\\ey"`, `"owner ${server.name}"`];
    await server.sql(`create role ${other}`);
    for (const text of [`grant ${other} to riskdesk_maintenance`, `grant create on schema public to ${other}`, `alter default privileges for role ${other} grant all on sequences to public`, `alter default privileges for role ${other} grant all on tables to public`]) await server.sql(text);
    await owner.query(`create table ${table} (id bigserial constraint "the key" primary key, n int generated by default as identity, at date not null, s text); comment on constraint "the key" on ${table} is 'key'; create index narrow_at on ${table} (at); create statistics narrow_s on id, at from ${table}; insert into ${table} (at) select current_date - g from generate_series(1, 60) g`);
    await owner.query(`alter table ${table} owner to ${other}; alter statistics narrow_s owner to ${other}`);
    const before = await described(table);
    expect(before[0]).toBe('column 1 id bigint t   p  - nextval(\'"narrow \'\'k\\ey_id_seq"\'::regclass)');
    await done('partitions.partition_table', { table: `public.${table}`, by: 'at', old: 'is dropped' });
    expect(await described(table)).toEqual(before.map((line) => line.replace(/PRIMARY KEY \(id\)/, 'PRIMARY KEY (id, at)').replace(/("the key" ON .*)\(id\)/, '$1(id, at)')));
    expect(await server.sql(`select relname from pg_class where relname ~ 'narrow.*(riskdesk|old)'`)).toEqual([]);
    for (const text of [`drop owned by ${other} cascade`, `drop role ${other}`]) await server.sql(text);
  });

  test('a partition that takes the place of a DEFAULT has all that was that one’s own', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table whole (id bigint generated always as identity, at date not null, v int, s text, primary key (id, at)) partition by range (at); create index on whole (v); create table whole_rest partition of whole default with (fillfactor = 60);
      comment on table whole_rest is 'its own'; grant select, insert (v) on whole_rest to riskdesk_app; create index "own of it" on whole_rest (s, v) where v > 0; comment on index "own of it" is 'of the index'; create statistics own_s (mcv) on s, v from whole_rest; alter table whole_rest add constraint own_unique unique (v, id);
      alter table whole_rest alter v set statistics 77, alter s set storage external, alter s set compression pglz, alter s set (n_distinct = 5), replica identity full;
      create table tree (like whole including all excluding identity) partition by range (at); create table other (like whole including all excluding identity); alter table tree attach partition other default`);
    const text = (statement: SQL) => render(statement).text;
    const ask = ((statement: SQL) => server.sql(text(statement), render(statement).values)) as Ask;
    const [found] = await server.sql<{ oid: string }>(`select 'whole_rest'::regclass::oid::text as oid`);
    const properties = await propertiesOf(ask, found?.oid ?? '', 'riskdesk_maintenance');
    if (!properties) throw new Error('it is there');
    const [before, other, compared] = [await described('whole_rest'), { schema: 'public', rel: 'other' }, { key: true, references: false, identity: false }];
    const differ = async (of: string, rel: string) => (await ask<{ refuses: string | null }>(refuseDifferences(of, { schema: 'public', rel }, compared)))[0]?.refuses ?? null;
    expect(await differ(properties.oid, 'other')).toMatch(/statistics 77.*btree \(s, v\) WHERE \(v > 0\) comment of the index/);
    for (const statement of [copyDefinitions(properties.oid, other, []), ...grantsTo(other, properties), ...storageOf(other, properties), ...columnSettings(other, properties), ...columnStorage(other, properties), ...replicaIdentity(other, properties)]) await owner.query(text(statement));
    expect(await differ(properties.oid, 'other')).toBeNull();
    for (const statement of ['begin', 'alter table whole detach partition whole_rest', 'alter table tree detach partition other', 'alter table whole_rest rename to gone', 'alter table other rename to whole_rest', 'alter table whole attach partition whole_rest default', ...[...renames(properties), commentOf({ schema: 'public', rel: 'whole_rest' }, properties)].map(text), 'commit']) await owner.query(statement);
    // Names of those that it has from its table are its own affair.
    const own = (lines: string[]) => lines.filter((line) => !/whole_rest_(pkey|v_idx)|other_/.test(line));
    expect(own(await described('whole_rest'))).toEqual(own(before));
  });

  test('who depends on it is named, and it is refused', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table needed (id int, at date, v int, primary key (id, at)); create view "sees it" as select v from needed; create materialized view kept_of_it as select at from needed;
      create function counts_it() returns bigint language sql begin atomic select count(*) from needed; end; create function takes_it(needed) returns int language sql as 'select 1'; create table holds_it (one needed[]);
      create table guarded (v int); create policy by_it on guarded using (exists (select from needed n where n.v = guarded.v)); create rule again as on insert to needed do also select 1; create rule elsewhere as on insert to guarded do also insert into needed (id, at) values (1, now())`);
    const guards = await refused('public.needed');
    expect(guards).toEqual([expect.stringMatching(/^dependents: .* and \d more depend on it and would go on with the old table\.$/)]);
    for (const [drop, what] of [['materialized view kept_of_it', 'materialized view kept_of_it'], ['view "sees it"', 'view "sees it"'], ['function counts_it()', 'function counts_it()'], ['function takes_it(needed)', 'function takes_it(needed)'], ['policy by_it on guarded', 'policy by_it on table guarded'], ['rule again on needed', 'rule again on table needed'], ['rule elsewhere on guarded', 'rule elsewhere on table guarded'], ['table holds_it', 'table holds_it']] as const) {
      const all = await server.sql(`select pg_describe_object('pg_class'::regclass, 'needed'::regclass, 0)`);
      expect(all).toHaveLength(1);
      if (drop !== 'table holds_it') await owner.query(`drop ${drop}`);
      else expect(await refused('public.needed')).toEqual([`dependents: ${what} depends on it and would go on with the old table.`]);
    }
    await owner.query('drop table holds_it');
    expect((await shown('partitions.partition_table', { table: 'public.needed', by: 'at' })).plan.length).toBeGreaterThan(4);
    for (const publication of ['for all tables', ...(major >= 15 ? ['for tables in schema public'] : []), 'for table needed']) {
      await server.sql(`create publication "of it" ${publication}`);
      expect(await refused('public.needed')).toEqual([expect.stringMatching(/^publication: It is published: publication "of it" /)]);
      await server.sql('drop publication "of it"');
    }
  });

  test.each([
    ['deferrable', 'alter table % add unique (at, v) deferrable'], ['clustered', 'alter table % cluster on %_pkey'], ['replica_identity', 'alter table % replica identity using index %_pkey'], ['not_valid', 'alter table % add check (v > 0) not valid'], ['no_inherit', 'alter table % add check (v > 0) no inherit'],
    ['index_statistics', 'create index %_i on % ((v + 1)); alter index %_i alter column 1 set statistics 50'], ['extended_statistics', 'create statistics %_s on v, at from %; alter statistics %_s set statistics 50'], ['owner_privileges', 'revoke delete on % from current_user'],
    ['sequence', `create table %_other (n bigint default nextval('%_id_seq'))`], ['triggers', 'create trigger t before update on % for each row execute function suppress_redundant_updates_trigger()'], ['policies', 'alter table % enable row level security'], ['typed', 'create type %_t as (id bigint, at date, v int); alter table % alter id drop identity; alter table % of %_t'],
  ])('what cannot be carried over is refused: %s', async (name, how) => {
    const owner = await server.connect('maintenance');
    const table = `cannot_${name}`;
    await owner.query(`create table ${table} (id bigint generated always as identity, at date, v int, primary key (id, at)); ${how.replaceAll('%', table)}`);
    expect(await refused(`public.${table}`)).toEqual([expect.stringMatching(`^${name}: `)]);
  });

  test('what comes while it runs is not lost: nothing is changed over, and it says what', async () => {
    const owner = await server.connect('maintenance');
    const params = { table: 'public.meanwhile', by: 'at' };
    await owner.query(`create table meanwhile (id int, at date, v int, primary key (id, at)); insert into meanwhile select g, current_date - g from generate_series(1, 60) g`);
    const { plan } = await shown('partitions.partition_table', params);
    for (const { sql: text } of plan.slice(0, 3)) await owner.query(`set search_path = ''; ${text}`);
    await owner.query(`set search_path = public; create index later on meanwhile (v); grant update on meanwhile to riskdesk_app`);
    const job = await run('partitions.partition_table', params);
    expect(`${job.state}: ${job.says}`).toMatch(/^failed: .*index btree \(v\).*privilege UPDATE of riskdesk_app.*Nothing was changed over.*as before/);
    await done('partitions.partition_table', { ...params, undo: 'is taken back' });
    await done('partitions.partition_table', params);
    expect((await described('meanwhile')).filter((line) => /later|UPDATE/.test(line))).toHaveLength(3);
  });

  test('what begins to depend on the old table before it is dropped is named, and the job says what is left', async () => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table late (id int, at date, v int, primary key (id, at)); insert into late select g, date '2025-01-01' + g % 300 from generate_series(1, 100000) g; create table refers_late (of int, at date); insert into refers_late select id, at from late; alter table refers_late add constraint late_key foreign key (of, at) references late`);
    const id = await start('partitions.partition_table', { table: 'public.late', by: 'at', old: 'is dropped', bound: '5000' });
    await server.sql(`do $$ begin loop exit when exists (select from pg_class where relname = 'late_riskdesk_old'); perform pg_sleep(0.001); end loop; create view on_old as select from public.late_riskdesk_old; end $$`);
    const job = await ended(id);
    expect(`${job.state}: ${job.says}`).toMatch(/^failed: .*other objects depend on it.* The table is partitioned\. It could not be mended: .*: view public.on_old depends on table public.late_riskdesk_old\.$/s);
    await server.sql('drop view on_old'); await server.sql('drop table late_riskdesk_old');;
  });
});
