import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '@/lib/kit/finding';
import type { Measured } from '@/lib/kit/result';
import { ask, askMeasured, eventually } from '@/test/ask';
import { useDatabase, type TestDatabase } from '@/test/database';
import { statementsOf } from '@/test/remedies';
import { until } from '@/test/server';

const settings = { autovacuum: 'off', autovacuum_naptime: '1s', max_prepared_transactions: '5', wal_level: 'logical' };
const main = await useDatabase({ settings });
const old = await useDatabase({ major: 14, settings });
const clean = await useDatabase({ settings });
const uncounted = await useDatabase({ settings: { track_counts: 'off' } });
process.env.TARGETS = [`pg14=${old.url('monitor')}`, `clean=${clean.url('monitor')}`, `bare=${main.url('app')}`, `uncounted=${uncounted.url('monitor')}`, `super-main=${main.url('superuser')}`, `super-pg14=${old.url('superuser')}`].join(' ');
const { closeMonitors } = await import('@/lib/run/monitor');
afterAll(closeMonitors);

const odd = '"Odd ""x""\n name"';

async function plant(db: TestDatabase): Promise<void> {
  for (const statement of [
    'create schema s', 'create schema k',
    `create table s.${odd} (id int primary key, note text)`,
    `insert into s.${odd} select g, repeat('x', 100) from generate_series(1, 20000) g`,
    `analyze s.${odd}`,
    `delete from s.${odd} where id % 2 = 0`,
    'create table s.calm (id int primary key)', 'insert into s.calm select generate_series(1, 5000)', 'vacuum analyze s.calm',
    'create table s.lenient (id int primary key) with (autovacuum_vacuum_threshold = 1000000, autovacuum_analyze_threshold = 1000000)',
    'insert into s.lenient select generate_series(1, 20000)', 'vacuum analyze s.lenient', 'delete from s.lenient where id % 2 = 0',
    'create table s.appended (id int primary key) with (autovacuum_vacuum_insert_threshold = 100, autovacuum_vacuum_insert_scale_factor = 0)',
    'insert into s.appended select generate_series(1, 5000)',
    'create table s.silent (id int primary key) with (autovacuum_vacuum_insert_threshold = -1)', 'insert into s.silent select generate_series(1, 5000)',
    'create table s.parts (id int primary key) partition by range (id)', 'create table s.parts_1 partition of s.parts for values from (0) to (100000)', 'insert into s.parts select generate_series(1, 3000)', 'analyze s.parts_1',
    'create table s.small_key (id serial primary key, other int)', 'alter sequence s.small_key_id_seq as bigint', "select setval('s.small_key_id_seq', 2000000000)",
    'create sequence s.plain', "select setval('s.plain', 1000)",
    'create table s.copied (id bigint generated always as identity primary key)', 'create table s.copier (ref int references s.copied (id))', "select setval(pg_get_serial_sequence('s.copied', 'id'), 1900000000)",
    'create table s.defaulted (id smallint primary key)', 'create sequence s.free', "alter table s.defaulted alter id set default nextval('s.free')", "select setval('s.free', 30000)",
    'create sequence s.down increment -1 minvalue -100 maxvalue -1 start -1', "select setval('s.down', -95)",
    'create sequence s.circle maxvalue 100 cycle', "select setval('s.circle', 99)",
    'create sequence s.fresh',
    'create sequence s.capped as integer maxvalue 1000', "select setval('s.capped', 999)",
    'create table s.roofed (id int primary key)', 'create sequence s.roof maxvalue 100 owned by s.roofed.id', "alter table s.roofed alter id set default nextval('s.roof')", "select setval('s.roof', 99)",
    'create domain s.whole as int', 'create domain s.deep as s.whole', 'create table s.domained (id s.deep primary key)', 'create sequence s.of_domain owned by s.domained.id', "select setval('s.of_domain', 2140000000)",
    'create domain s.five as numeric(5)', 'create table s.decimal (id numeric(7,2) primary key, also s.five)', 'create sequence s.of_decimal owned by s.decimal.id', "select setval('s.of_decimal', 99998)", 'create sequence s.of_five owned by s.decimal.also', "select setval('s.of_five', 99998)",
    'create table s.outgrown (id serial primary key)', 'alter table s.outgrown alter id type bigint', "select setval('s.outgrown_id_seq', 2000000000)",
    'create table s.first (id bigserial primary key)', 'create table s.second (id bigint primary key references s.first)', 'create table s.third (id int primary key references s.second)', "select setval('s.first_id_seq', 2147000000)",
    'create table s.keyless (a int)', 'create table s.published (a int)', 'create publication pub for table s.published', 'create table s.published_well (a int primary key)', 'alter publication pub add table s.published_well',
    'create table s.checked (id int primary key, a int)', 'insert into s.checked values (1, -1)', 'alter table s.checked add constraint "Positive a" check (a > 0) not valid',
    'create table s.triggered (id int primary key)', "create function s.f() returns trigger language plpgsql as 'begin return new; end'", 'create trigger t before insert on s.triggered for each row execute function s.f()', 'alter table s.triggered disable trigger t',
    'create table s.child (id int primary key, parent int references s.triggered (id))', 'alter table s.child disable trigger all',
    'create table s.still (id int primary key) with (autovacuum_enabled = off)',
    'create unlogged table s.unlogged (id int primary key)',
    'create table k.told (a int not null, b int not null, constraint "Told" unique (a, b))', 'create table k.nullable (a int unique)', 'create table k.deferred (a int not null unique deferrable)', 'create table k.partial (a int not null)', 'create unique index on k.partial (a) where a > 0',
    ...(db === main ? ['create table k.unproved (a int unique)', 'alter table k.unproved add constraint unproved not null a not valid'] : []),
  ]) await withOwnSession(db, statement);
}

/** A session reports what it changed when it ends; what it has not reported when it analyzes is counted as a change since. */
async function withOwnSession(db: TestDatabase, statement: string): Promise<void> {
  const client = await db.connect('superuser');
  await client.query(statement);
  await client.end();
}

const found = (findings: Finding[], code: string) => findings.filter((finding) => finding.code === code).map((finding) => finding.about).toSorted();

describe.each([[18, main, 'main'], [14, old, 'pg14']] as const)('on PostgreSQL %i', (_, db, target) => {
  beforeAll(() => plant(db));

  test('sizes are those of pg_total_relation_size, partitions in their table or each', async () => {
    const { rows } = await askMeasured('tables.size', { target, limit: '1000' });
    const sizes = await db.sql<{ tab: string; bytes: string }>("select format('%I.%I', n.nspname, c.relname) as tab, pg_total_relation_size(c.oid)::text as bytes from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 's' and c.relkind = 'r' and not c.relispartition");
    for (const { tab, bytes } of sizes) expect(rows.find((row) => row.tab === tab), tab).toMatchObject({ total_bytes: Number(bytes), measured: true });
    expect(rows.find((row) => row.tab === 's.parts')).toMatchObject({ partition_count: 1, row_estimate: 3000, fill_factor: null });
    expect(rows.some((row) => row.tab === 's.parts_1')).toBe(false);
    const { rows: each } = await askMeasured('tables.size', { target, limit: '1000', partitions: 'each' });
    expect(each.find((row) => row.tab === 's.parts_1')).toMatchObject({ partition_count: 0, fill_factor: 100 });
  });

  test('a table behind an exclusive lock keeps its figures, and nobody waits for it', async () => {
    const holder = await db.connect('superuser');
    await holder.query(`begin; lock table s.${odd} in access exclusive mode`);
    try {
      const { rows } = await askMeasured('tables.size', { target, limit: '999' });
      expect(rows.find((row) => String(row.tab).startsWith('s."Odd'))).toMatchObject({ measured: false });
      expect((await askMeasured('tables.bloat', { target })).state).toBe('measured');
      expect((await askMeasured('tables.bloat_exact', { target })).state).toBe('measured');
    } finally {
      await holder.query('rollback');
    }
  });

  test('vacuum overdue by each table’s own thresholds', async () => {
    const overdue = async () => found((await askMeasured('tables.vacuum', { target, q: 's.' })).findings, 'tables.vacuum_overdue');
    await until(async () => (await overdue()).length >= 2);
    const { rows, findings } = await askMeasured('tables.vacuum', { target, q: 's.' });
    expect(found(findings, 'tables.vacuum_overdue')).toEqual([`s.${odd}`, 's.appended']);
    expect(rows.find((row) => row.tab === 's.lenient')).toMatchObject({ dead_rows: 10_000, threshold: 1_000_000 + 0.2 * 20_000 });
    expect(rows.find((row) => row.tab === 's.silent')).toMatchObject({ insert_threshold: null });
    expect(rows.find((row) => row.tab === 's.still')).toMatchObject({ auto: false });
    // Its inserts are further beyond their threshold than its dead rows are.
    expect(findings.find((finding) => finding.about.startsWith('s."Odd'))).toMatchObject({ severity: 'warning', says: expect.stringMatching(/^10,000 dead rows, autovacuum comes at 4,050\./) });
    expect(findings.find(({ about }) => about === 's.appended')).toMatchObject({ severity: 'info', says: expect.stringMatching(/^5,000 rows inserted/) });
    expect(findings.find((finding) => finding.about.startsWith('s."Odd'))?.remedy).toEqual({ action: 'tables.vacuum', params: { table: `s.${odd}` } });
    await withOwnSession(db, `vacuum s.${odd}`);
    await until(async () => (await overdue()).length < 2);
    expect(found((await askMeasured('tables.vacuum', { target, q: 'Odd' })).findings, 'tables.vacuum_overdue')).toEqual([]);
  });

  test('statistics: stale by own thresholds, never made, and those of parents that nobody makes', async () => {
    await until(async () => (await askMeasured('tables.stale_statistics', { target, q: 's.' })).findings.length >= 4);
    const { findings } = await askMeasured('tables.stale_statistics', { target, q: 's.' });
    expect(found(findings, 'tables.stale_statistics')).toEqual([`s.${odd}`]);
    expect(found(findings, 'tables.never_analyzed')).toEqual(['s.appended', 's.silent']);
    expect(found(findings, 'tables.parent_never_analyzed')).toEqual(['s.parts']);
    for (const statement of ['analyze s.parts', 'insert into s.parts select generate_series(10000, 20000)', 'analyze s.parts_1']) await withOwnSession(db, statement);
    const later = await askMeasured('tables.stale_statistics', { target, limit: '1000', q: 's.parts' });
    expect(found(later.findings, 'tables.parent_stale')).toEqual(['s.parts']);
  });

  test('sequences: by the column’s type, through defaults and foreign keys, downwards; not one that cycles', async () => {
    const { rows, findings } = await askMeasured('tables.sequences', { target, q: 's.' });
    expect(found(findings, 'tables.sequence')).toEqual(['s.capped', 's.copied_id_seq', 's.down', 's.first_id_seq', 's.free', 's.of_decimal', 's.of_domain', 's.of_five', 's.outgrown_id_seq', 's.roof', 's.small_key_id_seq']);
    // Nothing is left to be filled in, least of all where it would begin again.
    for (const remedy of findings.flatMap(({ remedy: one }) => (one && 'action' in one ? [one] : []))) expect(remedy.params).toMatchObject({ change: 'widen', at: '' });
    expect(rows.find((row) => row.seq === 's.small_key_id_seq')).toMatchObject({ column_name: 's.small_key.id', column_type: 'integer', sequence_type: 'bigint', bound: 2_147_483_647, remaining: 147_483_647 });
    expect(rows.find((row) => row.seq === 's.copied_id_seq')).toMatchObject({ column_name: 's.copier.ref', bound: 2_147_483_647 });
    expect(rows.find((row) => row.seq === 's.free')).toMatchObject({ column_type: 'smallint', bound: 32_767, remaining: 2767 });
    expect(rows.find((row) => row.seq === 's.down')).toMatchObject({ bound: -100, remaining: 5 });
    expect(rows.find((row) => row.seq === 's.fresh')).toMatchObject({ last_value: null, used_ratio: null });
    const remedy = findings.find((finding) => finding.about === 's.small_key_id_seq')?.remedy;
    expect(remedy).toEqual({ sql: expect.stringMatching(/^ALTER TABLE s\.small_key ALTER COLUMN id TYPE bigint;/) });
    const of = (name: string) => ({ row: rows.find((row) => row.seq === name), finding: findings.find((finding) => finding.about === name) });
    for (const [name, bound] of [['s.capped', 1000], ['s.roof', 100], ['s.down', -100]] as const) {
      expect(of(name)).toMatchObject({ row: { bound, capped: true }, finding: { says: expect.stringMatching(/until its own (MAX|MIN)VALUE of -?1,?0/), remedy: { action: 'tables.sequence', params: { sequence: name, change: 'widen', at: '' } } } });
    }
    expect(of('s.of_domain')).toMatchObject({ row: { column_type: 'integer', domain: 's.deep', bound: 2_147_483_647, capped: false }, finding: { remedy: { sql: expect.stringContaining('CREATE DOMAIN') } } });
    for (const name of ['s.of_decimal', 's.of_five']) expect(of(name).row).toMatchObject({ bound: 99_999, remaining: 1 });
    expect(of('s.first_id_seq').row).toMatchObject({ column_name: 's.third.id', remaining: 483_647 });
    expect(of('s.outgrown_id_seq')).toMatchObject({ row: { column_type: 'bigint', capped: false }, finding: { says: expect.stringMatching(/until the end of its own type, integer; .* changes the catalog alone/), remedy: { action: 'tables.sequence' } } });
    // What is advised takes the next values.
    const decimal = of('s.of_decimal').finding?.remedy;
    await db.sql(decimal && 'sql' in decimal ? decimal.sql : '');
    await db.sql(`insert into s.decimal select nextval('s.of_decimal') from generate_series(1, 5)`);
  });

  test('hygiene: each kind once, where it is', async () => {
    const { rows, findings } = await askMeasured('tables.hygiene', { target, q: 's.' });
    expect(found(findings, 'tables.no_primary_key')).toEqual(['s.copier', 's.keyless', 's.published']);
    expect(found(findings, 'tables.no_replica_identity')).toEqual(['s.published']);
    expect(findings.find((finding) => finding.code === 'tables.not_valid')).toMatchObject({ about: 's.checked', remedy: { sql: 'ALTER TABLE s.checked VALIDATE CONSTRAINT "Positive a";' } });
    expect(found(findings, 'tables.trigger_disabled')).toEqual(['s.triggered']);
    expect(findings.filter((finding) => finding.code === 'tables.foreign_key_disabled')).toMatchObject([{ about: 's.child', evidence: { object: 'child_parent_fkey' } }]);
    expect(found(findings, 'tables.autovacuum_off')).toEqual(['s.still']);
    expect(rows.filter((row) => row.kind === 'unlogged').map((row) => row.tab)).toEqual(['s.unlogged']);
    expect(findings.find((finding) => finding.code === 'tables.unlogged')).toMatchObject({ about: 's.unlogged', severity: 'info', remedy: { sql: expect.stringContaining('SET LOGGED') } });
  });

  test('hygiene: rows without a primary key can be told apart by a unique index, if no column of it can be NULL', async () => {
    const { findings } = await askMeasured('tables.hygiene', { target, q: 'k.' });
    const said = Object.fromEntries(findings.map(({ about, says }) => [about, says.includes('cannot be told apart')]));
    expect(said).toEqual({ 'k.told': false, 'k.nullable': true, 'k.deferred': true, 'k.partial': true, ...(db === main ? { 'k.unproved': true } : {}) });
    expect(findings.find(({ about }) => about === 'k.told')?.says).toContain('The unique index "Told" tells its rows apart');
  });

  test('the horizon names who holds it: a session by its snapshot or its transaction id, a prepared transaction, a slot', async () => {
    const reader = await db.connect('app');
    await reader.query('begin isolation level repeatable read; select 1');
    const writer = await db.connect('superuser');
    await writer.query(`set application_name = 'writer'`);
    await writer.query('begin; create temporary table t (a int)');
    const preparer = await db.connect('superuser');
    await preparer.query("begin; select pg_current_xact_id(); prepare transaction 'it''s \"odd\"'");
    await db.sql("select pg_create_physical_replication_slot('planted_slot')");
    try {
      await db.sql('do $$ begin for i in 1..50 loop perform pg_current_xact_id(); commit; end loop; end $$');
      const { rows, findings } = await askMeasured('tables.horizon', { target, min_age: '40' });
      const [[r], [w]] = await Promise.all([reader.query('select pg_backend_pid() as pid').then(({ rows: list }) => list), writer.query('select pg_backend_pid() as pid').then(({ rows: list }) => list)]);
      expect(rows.filter((row) => row.kind === 'session').map((row) => row.name)).toEqual(expect.arrayContaining([String(r.pid), String(w.pid)]));
      expect(found(findings, 'tables.horizon')).toEqual(expect.arrayContaining([`session ${r.pid}`, `session ${w.pid}`, 'prepared transaction it\'s "odd"']));
      expect(rows.filter((row) => row.decides).map((row) => row.name)).toContain(String(r.pid));
      const own = findings.find((finding) => finding.about === `session ${w.pid}`)?.remedy;
      if (!own) throw new Error('no remedy');
      for (const statement of (await statementsOf(own, `super-${target}`)).statements) await db.sql(statement);
      expect(findings.find((finding) => finding.about.startsWith('prepared'))?.remedy).toEqual({ sql: expect.stringContaining("ROLLBACK PREPARED 'it''s \"odd\"';") });
      await expect(writer.query('select 1')).rejects.toThrow();
    } finally {
      await reader.query('rollback');
      await db.sql("rollback prepared 'it''s \"odd\"'");
      await db.sql("select pg_drop_replication_slot('planted_slot')");
    }
    const { findings } = await askMeasured('tables.horizon', { target, min_age: '40', q: 'odd' });
    expect(findings).toEqual([]);
  });

  test('the horizon accuses nobody whose snapshot is only as old as what wrote while it was taken, here or in another database', async () => {
    const pidOf = async (client: Awaited<ReturnType<TestDatabase['connect']>>) => String((await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid);
    const writer = await (db === main ? clean : db).connect('superuser');
    await writer.query('begin; select pg_current_xact_id()');
    const reader = await db.connect('app');
    await reader.query('begin isolation level repeatable read; select 1');
    const preparer = await db.connect('superuser');
    await preparer.query("begin; select pg_current_xact_id(); prepare transaction 'kept'");
    try {
      await db.sql('do $$ begin for i in 1..50 loop perform pg_current_xact_id(); commit; end loop; end $$');
      const [by, heir] = [await pidOf(writer), await pidOf(reader)];
      const { rows, findings } = await askMeasured('tables.horizon', { target, min_age: '40' });
      expect(rows.find((row) => row.name === by)).toMatchObject({ decides: true, inherits: false, scope: expect.stringContaining('this') });
      expect(rows.find((row) => row.name === heir)).toMatchObject({ decides: false, inherits: true, age: rows.find((row) => row.name === by)?.age });
      expect(findings.find(({ about }) => about === `session ${by}`)).toMatchObject({ severity: 'warning', remedy: { action: 'locks.terminate' } });
      expect(findings.map(({ about }) => about)).not.toContain(`session ${heir}`);
      // Once that is over, the snapshot decides by itself.
      await writer.query('rollback');
      const later = await askMeasured('tables.horizon', { target, min_age: '40' });
      expect(later.rows.find((row) => row.name === heir)).toMatchObject({ decides: true, inherits: false });
      // Of two that began anew, the prepared one is what both are as old as.
      await reader.query('rollback; begin isolation level repeatable read; select 1');
      const last = await askMeasured('tables.horizon', { target, min_age: '40' });
      expect(last.rows.filter((row) => row.decides).map((row) => row.name)).toEqual(['kept']);
      expect(found(last.findings, 'tables.horizon')).toEqual(['prepared transaction kept']);
    } finally {
      await Promise.all([writer.query('rollback'), reader.query('rollback')]);
      await db.sql("rollback prepared 'kept'");
    }
  });

  test('exact figures of one table or index by its name; the others are listed with what a scan would read', async () => {
    await db.sql('create extension if not exists pgstattuple');
    const { rows: listed } = await askMeasured('tables.bloat_exact', { target });
    expect(listed.length).toBeGreaterThan(3);
    expect(listed.every((row) => row.waste_ratio === null && String(row.says).startsWith('Not scanned') || String(row.says).startsWith('Cannot'))).toBe(true);
    const [table] = (await askMeasured('tables.bloat_exact', { target, table: `s.${odd}`, method: 'whole' })).rows;
    const [truth] = await db.sql<{ live: string; dead: string }>(`select tuple_count::text as live, dead_tuple_count::text as dead from pgstattuple('s.${odd.replaceAll("'", "''")}')`);
    expect(table).toMatchObject({ kind: 'heap', live_rows: Number(truth?.live), dead_rows: Number(truth?.dead), says: 'Scanned' });
    const [approximate] = (await askMeasured('tables.bloat_exact', { target, table: `s.${odd}` })).rows;
    for (const row of [table, approximate]) expect(row?.waste_ratio).toBeCloseTo((Number(row?.dead_bytes) + Number(row?.free_bytes)) / Number(row?.size_bytes), 6);
    expect(Number(approximate?.waste_ratio)).toBeGreaterThan(0.3);
    const [unquoted] = (await askMeasured('tables.bloat_exact', { target, table: 's.Odd "x"\n name' })).rows;
    expect(unquoted?.says).toBe('Scanned');
    const [index] = (await askMeasured('tables.bloat_exact', { target, table: 's.lenient_pkey' })).rows;
    expect(index).toMatchObject({ kind: 'btree', says: 'Scanned' });
    expect(Number(index?.waste_ratio)).toBeGreaterThan(0.05);
    expect((await askMeasured('tables.bloat_exact', { target, table: 'no such "table' })).rows).toEqual([]);
  });
});

describe('a database without these problems', () => {
  test.each(['size', 'bloat', 'bloat_exact', 'vacuum', 'stale_statistics', 'freeze', 'sequences', 'hygiene'])('tables.%s finds nothing', async (name) => {
    expect((await askMeasured(`tables.${name}`, { target: 'clean' })).findings).toEqual([]);
  });
});

describe('a role without rights', () => {
  test('the horizon is unmeasured: the oldest session could be hidden', async () => {
    expect(await ask('tables.horizon', { target: 'bare' })).toMatchObject({ state: 'unmeasured', reason: { code: 'privilege' }, remedy: { sql: expect.stringContaining('pg_monitor') } });
  });

  test('sequences say how many it cannot read', async () => {
    const { findings, context } = await askMeasured('tables.sequences', { target: 'bare' });
    expect(Number(context?.hidden)).toBeGreaterThan(5);
    expect(findings.map((finding) => finding.code)).toContain('tables.sequences_hidden');
  });

  test('bloat says which tables it cannot judge', async () => {
    const { findings, rows } = await askMeasured('tables.bloat', { target: 'bare' });
    expect(findings.map((finding) => finding.code)).toContain('tables.bloat_hidden');
    expect(rows.find((row) => String(row.tab).startsWith('s."Odd'))).toMatchObject({ bloat_bytes: null, knowledge: expect.stringContaining('no SELECT') });
  });

  test('an exact measure is refused with the grant that allows it', async () => {
    expect(await ask('tables.bloat_exact', { target: 'bare', table: 's.calm' })).toMatchObject({ state: 'unmeasured', reason: { code: 'privilege' } });
  });

  test('sizes, vacuum, statistics, freezing and hygiene need none', async () => {
    for (const name of ['size', 'vacuum', 'stale_statistics', 'freeze', 'hygiene']) expect((await askMeasured(`tables.${name}`, { target: 'bare', q: 's.' })).rows.length, name).toBeGreaterThan(0);
  });
});

test('without track_counts nobody knows: unmeasured, not clean', async () => {
  for (const name of ['vacuum', 'stale_statistics']) expect(await ask(`tables.${name}`, { target: 'uncounted' })).toMatchObject({ state: 'unmeasured', reason: { code: 'setting' } });
});

test('without pgstattuple an exact measure is unmeasured, with the statement to run', async () => {
  await clean.sql('drop extension if exists pgstattuple');
  const { forgetServers } = await import('@/lib/run/server');
  forgetServers();
  expect(await ask('tables.bloat_exact', { target: 'clean' })).toMatchObject({ state: 'unmeasured', reason: { code: 'extension_missing' }, remedy: { sql: 'CREATE EXTENSION pgstattuple;' } });
});

test('ids past autovacuum_freeze_max_age are found, of the table and of its database', { timeout: 60_000 }, async () => {
  await main.sql('create table s.aged (id int primary key) with (autovacuum_freeze_max_age = 100000)');
  await main.sql('do $$ begin for i in 1..160000 loop perform pg_current_xact_id(); commit; end loop; end $$');
  const { findings, rows } = await askMeasured('tables.freeze', { q: 's.aged' });
  expect(findings).toMatchObject([{ code: 'tables.freeze', severity: 'warning', about: 's.aged', remedy: { action: 'tables.vacuum', params: { table: 's.aged', freeze: 'yes' } } }]);
  expect(Number(rows[0]?.xid_age)).toBeGreaterThan(159_999);
  await main.sql('vacuum (freeze) s.aged');
  expect((await askMeasured('tables.freeze', { q: 's.aged' })).findings).toEqual([]);
});

test('what costs a scan is left to a person: the collection of findings neither asks it nor calls it unmeasured', async () => {
  const { collectFindings } = await import('@/lib/run/collect-findings');
  const asked = async () => (await main.sql<{ calls: number }>("select coalesce(sum(calls), 0)::int as calls from pg_stat_statements where query like '%/* riskdesk:tables.bloat_exact */%' and dbid = (select oid from pg_database where datname = current_database())"))[0]?.calls;
  await askMeasured('tables.bloat_exact');
  const before = await asked();
  const { unmeasured } = await collectFindings({ userId: 'x', email: 'x', name: 'x', role: 'dba', via: { kind: 'session', sessionId: 'x' } }, 'main', true);
  expect(await asked()).toBe(before);
  expect(Number(before)).toBeGreaterThan(0);
  expect(unmeasured.map(({ diagnostic }) => diagnostic)).not.toContain('tables.bloat_exact');
});

test('updates that found no room on their page: the overview finds them by the counters, the question shows the size too', async () => {
  await withOwnSession(main, `create schema crowd; create table crowd.ed (id int primary key, note text); insert into crowd.ed select g, repeat('x', 100) from generate_series(1, 12000) g`);
  await withOwnSession(main, `update crowd.ed set note = note || 'y'`);
  const lowHot = ({ findings }: Measured) => findings.filter(({ code, about }) => code === 'tables.low_hot' && about === 'crowd.ed');
  const whole = await eventually('tables.size', { q: 'crowd' }, (result) => lowHot(result).length > 0);
  expect(whole.rows).toMatchObject([{ tab: 'crowd.ed', updates: 12_000, measured: true }]);
  const judged = await ask('tables.size', {}, true);
  expect(judged).toMatchObject({ state: 'measured', rows: [] });
  expect(lowHot(judged as Measured)).toEqual(lowHot(whole));
});
