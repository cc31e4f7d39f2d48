import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '@/lib/kit/finding';
import { askMeasured } from '@/test/ask';
import { superPassword } from '@/test/cluster';
import { useDatabase, type TestDatabase } from '@/test/database';
import { until } from '@/test/server';

const main = await useDatabase();
const old = await useDatabase({ major: 14 });
const clean = await useDatabase();
process.env.TARGETS = [`pg14=${old.url('monitor')}`, `clean=${clean.url('monitor')}`, `bare=${main.url('app')}`].join(' ');
const { closeMonitors } = await import('@/lib/run/monitor');
afterAll(closeMonitors);

const dayMs = 86_400_000;
const day = (offset: number) => new Date(Math.floor(Date.now() / dayMs) * dayMs + offset * dayMs);
const date = (offset: number) => day(offset).toISOString().slice(0, 10);
const uuid = (offset: number) => {
  const hex = day(offset).getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
};
const part = (table: string, name: string, from: string | number, to: string | number) => `create table p.${name} partition of p.${table} for values from ('${from}') to ('${to}')`;
const odd = '"Odd ""x""\n 1"';

const planted = [
  'create schema p',
  'create table p.short (at timestamptz not null, n int) partition by range (at)', part('short', 'short_1', date(-10), date(-3)), part('short', 'short_2', date(-3), date(4)),
  'create table p.far (at date not null) partition by range (at)', part('far', 'far_1', date(-400), date(-380)), part('far', 'far_2', date(-380), date(400)),
  'create table p.gone (at timestamp not null) partition by range (at)', part('gone', 'gone_1', date(-20), date(-10)),
  'create table p.spill (at timestamptz not null) partition by range (at)', part('spill', 'spill_1', date(-20), date(-10)), 'create table p.spill_rest partition of p.spill default', "insert into p.spill select now() from generate_series(1, 5)",
  'create table p.holes (at date not null) partition by range (at)', part('holes', 'holes_1', date(-20), date(-10)), part('holes', 'holes_2', date(-5), date(100)),
  'create table p.forever (at date not null) partition by range (at)', `create table p.forever_1 partition of p.forever for values from (minvalue) to (maxvalue)`,
  'create table p.millis (ms bigint not null) partition by range (ms)', part('millis', 'millis_1', day(-5).getTime(), day(5).getTime()),
  'create table p.ids (id bigint not null) partition by range (id)', part('ids', 'ids_1', 0, 1_000_000),
  'create table p.sevens (id uuid not null) partition by range (id)', part('sevens', 'sevens_1', uuid(-5), uuid(2)),
  'create table p.pair (a date not null, b int not null) partition by range (a, b)', `create table p.pair_1 partition of p.pair for values from ('${date(-5)}', 1) to ('${date(1)}', 2)`,
  'create table p.seam (a date not null, b int not null) partition by range (a, b)', `create table p.seam_1 partition of p.seam for values from ('${date(-5)}', 1) to ('${date(1)}', 2)`, `create table p.seam_2 partition of p.seam for values from ('${date(1)}', 5) to ('${date(60)}', 2)`,
  'create table p.met (a date not null, b int not null) partition by range (a, b)', `create table p.met_1 partition of p.met for values from ('${date(-5)}', minvalue) to ('${date(1)}', 2)`, `create table p.met_2 partition of p.met for values from ('${date(1)}', 2) to ('${date(60)}', minvalue)`,
  'create table p.fills (id bigint generated always as identity, n int) partition by range (id)', part('fills', 'fills_1', 0, 10_000), "select setval('p.fills_id_seq', 8999)", 'insert into p.fills (n) values (1)',
  'create table p.used (id bigserial, n int) partition by range (id)', part('used', 'used_1', 0, 10), "insert into p.used (n) select generate_series(1, 9)",
  'create table p.roomy (id int generated always as identity, n int) partition by range (id)', part('roomy', 'roomy_1', 1, 1_000_000), part('roomy', 'roomy_2', 1_000_000, 2_000_000), 'insert into p.roomy (n) select generate_series(1, 100)',
  // Values of a sequence that look like epoch seconds are values of a sequence.
  'create table p.billions (id bigint generated always as identity (start 2999999900), n int) partition by range (id)', part('billions', 'billions_1', 1_000_000_000, 2_000_000_000), part('billions', 'billions_2', 2_000_000_000, 3_000_000_000), 'insert into p.billions (n) values (1)',
  `create table p.stamped (at bigint not null default extract(epoch from now())::bigint + 0 * nextval('p.billions_id_seq')) partition by range (at)`, part('stamped', 'stamped_1', day(-5).getTime() / 1000, day(5).getTime() / 1000),
  'create table p.bare (at timestamptz not null) partition by range (at)', 'create table p.bare_list (k text) partition by list (k)', 'create table p.bare_hash (k text) partition by hash (k)',
  'create table p.catch (at date not null, n int) partition by range (at)', 'create table p.catch_all partition of p.catch default', 'create table p.counted (id bigserial) partition by range (id)', 'create table p.counted_all partition of p.counted default',
  'create table p.silent (id bigint generated always as identity) partition by range (id)', part('silent', 'silent_1', 0, 10),
  'create table p.expr (a date not null) partition by range ((a + 1))', `create table p.expr_1 partition of p.expr for values from ('${date(-5)}') to ('${date(1)}')`,
  'create table p.nested (at timestamptz not null, kind int) partition by range (at)', `create table p.nested_old partition of p.nested for values from ('${date(-30)}') to ('${date(-20)}') partition by range (at)`, part('nested_old', 'nested_old_1', date(-30), date(-20)), part('nested', 'nested_now', date(-20), date(90)),
  `create table p.${odd} (k text not null) partition by list (k)`, `create table p."Odd in 1" partition of p.${odd} for values in ('a', 'it''s')`, `create table p."Odd in 2" partition of p.${odd} default`, `insert into p.${odd} values ('a'), ('z')`,
  'create table p.hashed (id int not null) partition by hash (id)', ...[0, 1, 2].map((r) => `create table p.hashed_${r} partition of p.hashed for values with (modulus 4, remainder ${r})`), 'alter table p.hashed detach partition p.hashed_2',
  'create table p.mixed (id int not null) partition by hash (id)', 'create table p.mixed_0 partition of p.mixed for values with (modulus 2, remainder 0)', 'create table p.mixed_1 partition of p.mixed for values with (modulus 4, remainder 1)', 'create table p.mixed_3 partition of p.mixed for values with (modulus 4, remainder 3)',
  'create table p.skewed (id int not null) partition by hash (id)', ...[0, 1, 2, 3].map((r) => `create table p.skewed_${r} partition of p.skewed for values with (modulus 4, remainder ${r})`), 'insert into p.skewed select 7 from generate_series(1, 20000)', 'insert into p.skewed select generate_series(1, 1000)', 'analyze p.skewed',
  'create table p.short_7 (n int, at timestamptz)', 'create table p.short_8 (other int)', 'create table p.short_notes (n int, at timestamptz)',
];

async function plant(db: TestDatabase): Promise<void> {
  for (const statement of planted) await db.sql(statement);
  await db.sql('grant usage on schema p to riskdesk_app');
  await leavePending(db);
}

/** A DETACH CONCURRENTLY that is cancelled while it waits for an old query leaves its partition pending. */
async function leavePending(db: TestDatabase): Promise<void> {
  await db.sql('create table p.half (at date not null) partition by range (at)');
  await db.sql(part('half', 'half_1', date(-3), date(100)));
  await db.sql(part('half', 'half_2', date(100), date(200)));
  const reader = await db.connect('superuser');
  await reader.query('begin; select * from p.half');
  const client = await db.connect('superuser');
  await client.query("set lock_timeout = '300ms'");
  await expect(client.query('alter table p.half detach partition p.half_2 concurrently')).rejects.toThrow();
  await reader.query('rollback');
}

const about = (findings: Finding[], code: string) => findings.filter((finding) => finding.code === code).map((finding) => finding.about).toSorted();

describe.each([[18, main, 'main'], [14, old, 'pg14']] as const)('on PostgreSQL %i', (_, db, target) => {
  beforeAll(() => plant(db));
  const q = 'p.';

  test('runway: when rows start to be refused or to fall into DEFAULT, and where it cannot be told', async () => {
    const { rows, findings } = await askMeasured('partitions.runway', { target, q });
    const row = (name: string) => rows.find((one) => one.tab === `p.${name}`);
    expect(about(findings, 'partitions.runway')).toEqual(['p.billions', 'p.fills', 'p.millis', 'p.pair', 'p.seam', 'p.sevens', 'p.short', 'p.stamped']);
    expect(about(findings, 'partitions.ended')).toEqual(['p.bare', 'p.bare_hash', 'p.bare_list', 'p.catch', 'p.counted', 'p.gone', 'p.spill', 'p.used']);
    await expect(db.sql('insert into p.bare values (now())')).rejects.toMatchObject({ code: '23514' });
    expect(findings.find((finding) => finding.about === 'p.bare')).toMatchObject({ severity: 'critical', says: 'It has no partition: every row is refused.', remedy: { action: 'partitions.create', params: { table: 'p.bare' } } });
    expect(findings.find((finding) => finding.about === 'p.catch')).toMatchObject({ severity: 'warning', says: 'It has no partition but DEFAULT: every row goes there.' });
    expect(findings.find((finding) => finding.about === 'p.counted')).toMatchObject({ severity: 'warning', remedy: null });
    expect(findings.find((finding) => finding.about === 'p.used')).toMatchObject({ severity: 'critical', says: expect.stringContaining('the next of its keys') });
    expect(findings.find((finding) => finding.about === 'p.gone')).toMatchObject({ severity: 'critical', says: expect.stringContaining('are refused') });
    expect(findings.find((finding) => finding.about === 'p.spill')).toMatchObject({ severity: 'warning', says: expect.stringContaining('go to DEFAULT') });
    expect(about(findings, 'partitions.gap')).toEqual(['p.holes', 'p.seam']);
    expect(row('holes')).toMatchObject({ gap_count: 1, gaps: `${date(-10)} to ${date(-5)}`, state: 'covered' });
    expect(row('short')).toMatchObject({ covered_until: day(4).toISOString(), then_rows: 'are refused', reads_as: 'timestamptz' });
    expect(row('sevens')).toMatchObject({ covered_until: day(2).toISOString(), reads_as: 'UUIDv7' });
    expect(row('millis')).toMatchObject({ covered_until: day(5).toISOString(), reads_as: 'epoch ms' });
    expect(row('forever')).toMatchObject({ state: 'open end' });
    expect(row('nested_old')).toMatchObject({ state: 'within its parent' });
    expect(row('pair')).toMatchObject({ covered_until: day(1).toISOString(), reads_as: 'date, the first of 2 columns', state: 'covered' });
    expect(row('seam')).toMatchObject({ gap_count: 1, gaps: `${date(1)} with some values of the other columns`, covered_until: day(1).toISOString() });
    expect(row('met')).toMatchObject({ gap_count: 0, covered_until: day(60).toISOString() });
    expect(row('fills')).toMatchObject({ reads_as: 'values of p.fills_id_seq', state: 'covered', left_values: 999, used_ratio: expect.closeTo(0.9, 3), covered_until: null, per_day: null });
    expect(row('billions')).toMatchObject({ reads_as: 'values of p.billions_id_seq', state: 'covered', left_values: 99, covered_until: null });
    expect(row('stamped')).toMatchObject({ reads_as: 'epoch seconds', covered_until: day(5).toISOString() });
    expect(row('roomy')).toMatchObject({ state: 'covered', left_values: 1_999_899 });
    for (const name of ['ids', 'silent', 'expr']) expect(row(name), name).toMatchObject({ state: 'cannot tell', covered_until: null });
  });

  test('runway: its remedy makes the next partition, which mends it', async () => {
    for (const name of ['short', 'millis', 'sevens', 'pair']) {
      const { rows } = await askMeasured('partitions.runway', { target, q: `p.${name}` });
      const client = await db.connect('superuser');
      for (const statement of String(rows[0]?.next_sql).split('\n')) await client.query(statement);
      await client.end();
      const { rows: after } = await askMeasured('partitions.runway', { target, q: `p.${name}` });
      expect(Number(after[0]?.left_ms), name).toBeGreaterThan(Number(rows[0]?.left_ms) + 5 * dayMs);
    }
  });

  test('runway of a sequence: the remedy takes the next keys; in time only where the rows counted tell', async () => {
    for (const name of ['used', 'fills']) {
      const { rows } = await askMeasured('partitions.runway', { target, q: `p.${name}` });
      const client = await db.connect('superuser');
      for (const statement of String(rows[0]?.next_sql).split('\n')) await client.query(statement);
      await client.query(`insert into p.${name} (n) select generate_series(1, 5)`);
      await client.end();
      expect(Number((await askMeasured('partitions.runway', { target, q: `p.${name}` })).rows[0]?.left_values), name).toBeGreaterThan(3);
    }
    await db.sql('select pg_stat_reset()');
    const filler = await db.connect('superuser');
    await filler.query('insert into p.roomy (n) select generate_series(1, 100000)');
    await filler.end();
    await until(async () => Number((await askMeasured('partitions.runway', { target, q: 'p.roomy', rate_days: '0' })).rows[0]?.per_day) > 0);
    const { rows, findings } = await askMeasured('partitions.runway', { target, q: 'p.roomy', rate_days: '0' });
    expect(rows).toMatchObject([{ left_values: 1_899_899, state: 'covered' }]);
    expect(Number(rows[0]?.left_ms)).toBeCloseTo((1_899_899 / Number(rows[0]?.per_day)) * dayMs, -1);
    expect(findings).toMatchObject([{ code: 'partitions.runway', says: expect.stringContaining('rows a day as counted') }]);
    expect((await askMeasured('partitions.runway', { target, q: 'p.roomy' })).rows).toMatchObject([{ per_day: null, covered_until: null }]);
    // A dropped partition would have taken its count with it.
    await db.sql('drop table p.roomy_1');
    await db.sql("select setval('p.roomy_id_seq', 1000000)");
    await db.sql('insert into p.roomy (n) select generate_series(1, 1000)');
    await until(async () => Number((await db.sql<{ n: string }>("select pg_stat_get_tuples_inserted('p.roomy_2'::regclass)::text as n"))[0]?.n) >= 1000);
    expect((await askMeasured('partitions.runway', { target, q: 'p.roomy', rate_days: '0' })).rows).toMatchObject([{ state: 'covered', per_day: null }]);
  });

  test('bounds over time: what is held, gaps, DEFAULT, and where it ends; many partitions are drawn as fewer', async () => {
    const { rows } = await askMeasured('partitions.timeline', { target, table: 'p.holes' });
    expect(rows.map(({ state, from_at, to_at, part_count }) => [state, from_at, to_at, part_count])).toEqual([
      ['held', day(-20).toISOString(), day(-10).toISOString(), 1], ['gap', day(-10).toISOString(), day(-5).toISOString(), 0],
      ['held', day(-5).toISOString(), day(100).toISOString(), 1], ['end', day(100).toISOString(), null, 0],
    ]);
    expect((await askMeasured('partitions.timeline', { target, table: 'spill' })).rows.map((row) => [row.state, row.part])).toEqual([['held', 'p.spill_1'], ['outside', 'p.spill_rest'], ['end', 'partitions ended; rows of now go to DEFAULT']]);
    expect((await askMeasured('partitions.timeline', { target, table: 'p.forever' })).rows).toMatchObject([{ state: 'held', from_at: null, to_at: null }]);
    for (const table of ['p.ids', 'p.billions', 'p.hashed', 'no such']) expect((await askMeasured('partitions.timeline', { target, table })).rows, table).toEqual([]);
    await db.sql('create table p.many (at date not null) partition by range (at)');
    for (let n = 0; n < 200; n += 1) if (n !== 50) await db.sql(part('many', `many_${n}`, date(n), date(n + 1)));
    const { rows: many } = await askMeasured('partitions.timeline', { target, table: 'p.many' });
    expect(many.length).toBeLessThanOrEqual(96);
    expect(many.reduce((sum, row) => sum + Number(row.state === 'held' ? row.part_count : 0), 0)).toBe(199);
    expect(many.reduce((sum, row) => sum + Number(row.gap_count), 0)).toBe(1);
    await db.sql('drop table p.many');
  });

  test('partitioned tables: strategy, key, sizes, DEFAULT, what is below', async () => {
    const { rows } = await askMeasured('partitions.tables', { target, q });
    expect(rows.find((row) => row.tab === 'p.spill')).toMatchObject({ strategy: 'range', key: 'RANGE (at)', partition_count: 2, leaf_count: 2, default_name: 'p.spill_rest' });
    expect(rows.find((row) => row.tab === `p.${odd}`)).toMatchObject({ strategy: 'list', default_name: 'p."Odd in 2"' });
    expect(rows.find((row) => row.tab === 'p.nested')).toMatchObject({ partition_count: 2, leaf_count: 2, sub_count: 1 });
    expect(rows.find((row) => row.tab === 'p.nested_old')).toMatchObject({ parent: 'p.nested', leaf_count: 1 });
    const [size] = await db.sql<{ bytes: string }>("select sum(pg_total_relation_size(relid))::text as bytes from pg_partition_tree('p.skewed') where isleaf");
    expect(rows.find((row) => row.tab === 'p.skewed')).toMatchObject({ strategy: 'hash', total_bytes: Number(size?.bytes), row_estimate: 21_000 });
  });

  test('partitions: bounds, rows and state, of one table or of all', async () => {
    const { rows } = await askMeasured('partitions.list', { target, table: `p.${odd}` });
    expect(rows).toMatchObject([{ part: 'p."Odd in 1"', bound: "IN ('a', 'it''s')", state: 'attached' }, { part: 'p."Odd in 2"', bound: 'DEFAULT' }]);
    const { rows: half } = await askMeasured('partitions.list', { target, table: 'half' });
    expect(half.map((row) => row.state)).toEqual(['attached', 'detach pending']);
  });

  test('rows in DEFAULT are counted', async () => {
    const { rows, findings } = await askMeasured('partitions.default_rows', { target, q });
    expect(rows.find((row) => row.part === 'p.spill_rest')).toMatchObject({ counted: 5, more: false, says: 'counted' });
    expect(findings.map((finding) => [finding.about, finding.severity])).toEqual(expect.arrayContaining([['p.spill_rest', 'warning'], ['p."Odd in 2"', 'info']]));
  });

  test('hash: a missing remainder refuses inserts; mixed moduli that cover all do not; skew', async () => {
    const { findings, rows } = await askMeasured('partitions.hash_balance', { target, q });
    expect(about(findings, 'partitions.hash_missing')).toEqual(['p.hashed']);
    expect(findings.find((finding) => finding.about === 'p.hashed')?.evidence).toMatchObject({ modulus: 4, remainders: '2, 3' });
    expect(rows.filter((row) => row.tab === 'p.mixed')).toHaveLength(3);
    expect(about(findings, 'partitions.hash_skew')).toHaveLength(1);
    await expect(db.sql('insert into p.hashed select generate_series(1, 100)')).rejects.toMatchObject({ code: '23514' });
  });

  test('foreign partitions: an UPDATE of the key leaves the row where queries do not find it, unless the table there checks it', async () => {
    await db.sql('create extension postgres_fdw');
    await db.sql(`create server itself foreign data wrapper postgres_fdw options (host '127.0.0.1', port '${db.port}', dbname '${db.name}')`);
    await db.sql(`create user mapping for current_user server itself options (user 'postgres', password '${superPassword}')`);
    await db.sql('create table p."There ""x""" (k int not null, n int)');
    await db.sql('create table p.fp (k int not null, n int) partition by range (k)');
    await db.sql(part('fp', 'fp_1', 0, 10));
    await db.sql(`create foreign table p.fp_2 partition of p.fp for values from (10) to (20) server itself options (schema_name 'p', table_name 'There "x"')`);
    await db.sql(part('fp', 'fp_3', 40, 60));
    await db.sql(`create foreign table p.fp_4 partition of p.fp for values from (20) to (30) server itself options (schema_name 'p', table_name 'nowhere', updatable 'false')`);
    await db.sql(`create table p.fh (k int not null) partition by hash (k)`);
    await db.sql(`create foreign table p.fh_0 partition of p.fh for values with (modulus 1, remainder 0) server itself options (schema_name 'p', table_name 'nowhere')`);
    const client = await db.connect('superuser');
    await client.query('insert into p.fp values (12)');
    await client.query('update p.fp set k = 50 where k = 12');
    const { rows: [astray] } = await client.query(`select (select count(*)::int from p.fp where k = 50) as found, (select count(*)::int from p.fp_2 where k = 50) as there`);
    expect(astray).toEqual({ found: 0, there: 1 });
    const { rows, findings } = await askMeasured('partitions.foreign', { target, q });
    expect(about(findings, 'partitions.foreign_unchecked')).toEqual(['p.fh_0', 'p.fp_2']);
    expect(rows.find((row) => row.part === 'p.fp_2')).toMatchObject({ parent: 'p.fp', server: 'itself', updatable: true, declared: false, bounds: '((k IS NOT NULL) AND (k >= 10) AND (k < 20))' });
    expect(rows.find((row) => row.part === 'p.fp_4')).toMatchObject({ updatable: false });
    expect(rows.find((row) => row.part === 'p.fh_0')).toMatchObject({ updatable: true, bounds: null });
    const remedy = findings.find((finding) => finding.about === 'p.fp_2')?.remedy;
    const [count, ...rest] = remedy && 'sql' in remedy ? remedy.sql.split('\n') : [];
    expect((await client.query(String(count))).rows).toEqual([{ count: '1' }]);
    await client.query('update p."There ""x""" set k = 12');
    for (const statement of rest) await client.query(statement);
    await expect(client.query('update p.fp set k = 50 where k = 12')).rejects.toMatchObject({ code: '23514' });
    expect(about((await askMeasured('partitions.foreign', { target, q })).findings, 'partitions.foreign_unchecked')).toEqual(['p.fh_0']);
    await db.sql('drop extension postgres_fdw cascade');
  });

  test('detached: pending is certain, likeness only may be', async () => {
    const { findings } = await askMeasured('partitions.detached', { target, q });
    expect(about(findings, 'partitions.detach_pending')).toEqual(['p.half_2']);
    expect(about(findings, 'partitions.maybe_detached')).toEqual(['p.hashed_2', 'p.short_7']);
    const remedy = findings.find((finding) => finding.code === 'partitions.detach_pending')?.remedy;
    expect(remedy).toEqual({ action: 'partitions.detach', params: { partition: 'p.half_2' } });
    await db.sql('alter table p.half detach partition p.half_2 finalize');
    expect(about((await askMeasured('partitions.detached', { target, q })).findings, 'partitions.detach_pending')).toEqual([]);
  });

  test('archive candidates are whole partitions past the retention', async () => {
    expect((await askMeasured('partitions.archive', { target, q })).rows).toMatchObject([{ part: 'p.far_1', parent: 'p.far', to_at: day(-380).toISOString(), detach_sql: 'ALTER TABLE p.far DETACH PARTITION p.far_1 CONCURRENTLY;  -- not in a transaction' }]);
    const { rows } = await askMeasured('partitions.archive', { target, q, days: '10' });
    expect(rows.map((row) => row.part)).toEqual(expect.arrayContaining(['p.far_1', 'p.gone_1', 'p.nested_old', 'p.holes_1']));
    for (const other of ['p.short_1', 'p.billions_1']) expect(rows.map((row) => row.part)).not.toContain(other);
  });
});

test('dates are read alike whatever DateStyle the monitoring role has', async () => {
  await main.sql(`alter role riskdesk_monitor in database ${main.name} set datestyle = 'German'`);
  await closeMonitors();
  const { rows } = await askMeasured('partitions.runway', { q: 'p.holes' });
  expect(rows).toMatchObject([{ reads_as: 'date', state: 'covered' }]);
});

test.each(['tables', 'timeline', 'list', 'runway', 'pruning', 'default_rows', 'hash_balance', 'foreign', 'detached', 'archive'])('a database without these problems: partitions.%s finds nothing', async (name) => {
  expect((await askMeasured(`partitions.${name}`, { target: 'clean' })).findings).toEqual([]);
});

test('without the right to read a DEFAULT partition its rows are estimated or not known, never none', async () => {
  const { rows, findings } = await askMeasured('partitions.default_rows', { target: 'bare', q: 'p.spill' });
  expect(rows).toMatchObject([{ counted: null, says: 'the monitoring role may not read it' }]);
  expect(findings).toHaveLength(1);
  for (const name of ['tables', 'list', 'runway', 'hash_balance', 'detached', 'archive']) expect((await askMeasured(`partitions.${name}`, { target: 'bare', q: 'p.' })).rows.length, name).toBeGreaterThan(0);
});
