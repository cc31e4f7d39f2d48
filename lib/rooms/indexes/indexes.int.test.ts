import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Finding } from '@/lib/kit/finding';
import type { Measured, Row } from '@/lib/kit/result';
import { askMeasured } from '@/test/ask';
import { useDatabase, type TestDatabase } from '@/test/database';
import { statementsOf } from '@/test/remedies';

const newest = await useDatabase();
const oldest = await useDatabase({ major: 14 });
const clean = await useDatabase({ migrated: false });

process.env.TARGETS = [`pg14=${oldest.url('monitor')}`, `clean=${clean.url('monitor')}`, `bare=${newest.url('app')}`, `super18=${newest.url('superuser')}`, `super14=${oldest.url('superuser')}`].join(' ');

const { closeMonitors } = await import('@/lib/run/monitor');

afterAll(closeMonitors);

const measured = (target: string, name: string, query: Record<string, string> = {}) => askMeasured(`indexes.${name}`, { target, ...query });

const sqlOf = (finding: Finding | undefined): string => (finding?.remedy && 'sql' in finding.remedy ? finding.remedy.sql : '');
/** What the remedy runs, as a superuser. */
async function remedied(finding: Finding | undefined, major: number) {
  if (!finding?.remedy) throw new Error('no remedy');
  return statementsOf(finding.remedy, `super${major}`);
}
const about = (result: Measured, name: string): Finding | undefined => result.findings.find((finding) => finding.about === name);
const rowOf = (result: Measured, name: string): Row | undefined => result.rows.find((row) => row['index'] === name);

const lowUse = { min_bytes: '0', min_writes: '1', min_days: '0' };

/** Identifiers as a server may hold them: quotes, a line break, upper case, dots. */
const odd = '"Odd ""s.\n"';

async function plant(db: TestDatabase): Promise<void> {
  const script = `
    create schema ${odd}; create schema planted;
    create table planted.customer (id int primary key, code text);
    create table planted.orders (id int primary key, customer_id int references planted.customer on delete cascade, other_id int references planted.customer, third_id int references planted.customer, note text, seldom int, status int, filler text);
    create index orders_note on planted.orders (note); create index orders_note_too on planted.orders (note, status);
    create index orders_other on planted.orders (other_id) where other_id is not null; create index orders_third on planted.orders (third_id) where status = 1;
    create index orders_seldom on planted.orders (seldom); create index orders_status on planted.orders (status);
    create unique index orders_unique on planted.orders (id, status); create index orders_replica on planted.orders (filler);
    insert into planted.customer select i, 'c' || i from generate_series(1, 500) i;
    insert into planted.orders select i, i % 500 + 1, i % 500 + 1, i % 500 + 1, 'note ' || i, case when i % 50 = 0 then i end, i % 5, repeat('x', 40) from generate_series(1, 30000) i;
    alter table planted.orders cluster on orders_replica;
    create table planted.kind (id int primary key); create table planted.fresh (kind_id int references planted.kind); create index fresh_kind on planted.fresh (kind_id);
    create table ${odd}."T'a""b" ("C""1
x" int); create index "I'x
""y" on ${odd}."T'a""b" ("C""1
x"); create index "I2;--" on ${odd}."T'a""b" ("C""1
x");
    create table planted.part (id int not null, a int, b int, c int) partition by range (id);
    create table planted.part_1 partition of planted.part for values from (0) to (1000);
    create table planted.part_2 partition of planted.part for values from (1000) to (2000);
    create table planted.part_3 (b int, c int, a int, id int not null); alter table planted.part attach partition planted.part_3 for values from (2000) to (3000);
    create index part_a on planted.part (a); create index part_a_b on planted.part (a, b);
    create index part_1_c on planted.part_1 (c); create index part_3_c on planted.part_3 (c);
    create index part_b on only planted.part (b); create index part_1_b on planted.part_1 (b); alter index planted.part_b attach partition planted.part_1_b;
    create schema named; create table named.top (id int not null, gone int, t text, u text, z int) partition by range (id);
    create table named.top_1 partition of named.top for values from (0) to (1000); alter table named.top drop gone;
    create table named.top_2 (z int, t text, u text, id int not null); alter table named.top attach partition named.top_2 for values from (1000) to (2000);
    create index top_1_lower on named.top_1 (lower(t)); create index top_2_lower on named.top_2 (lower(t));
    create index top_1_z on named.top_1 (z) where t is not null; create index top_2_z on named.top_2 (z) where t is not null;
    create index top_1_upper on named.top_1 (upper(t)); create index top_2_upper on named.top_2 (upper(u));
    create schema keyed; create extension btree_gist; create table keyed.pair (p int, x int, primary key (p, x)); create table keyed.one (id int primary key); create table keyed.words (t text collate "C" primary key);
    create table keyed.lead (p int, x int, y int, constraint lead_fk foreign key (p, x) references keyed.pair); create index lead_p on keyed.lead (p); create index lead_y on keyed.lead (y, p, x);
    create table keyed.ranged (p int, constraint ranged_fk foreign key (p) references keyed.one); create index ranged_p on keyed.ranged using gist (p);
    create table keyed.blocks (p int, constraint blocks_fk foreign key (p) references keyed.one); create index blocks_p on keyed.blocks using brin (p);
    create table keyed.both (p int, x int, constraint both_fk foreign key (p, x) references keyed.pair); create index both_p on keyed.both (p); create index both_x_p on keyed.both (x, p);
    create table keyed.partial (p int, x int, constraint partial_fk foreign key (p) references keyed.one); create index partial_p on keyed.partial (p) where x = 1;
    create table keyed.other (t text collate "C", constraint other_fk foreign key (t) references keyed.words); create index other_t on keyed.other (t collate "POSIX");
    create table planted.child (part_id int, customer_id int references planted.customer) partition by hash (part_id);
    create table planted.child_0 partition of planted.child for values with (modulus 2, remainder 0); create table planted.child_1 partition of planted.child for values with (modulus 2, remainder 1);
    create index child_0_customer on planted.child_0 (customer_id);
    insert into planted.part select i, i % 7, i, i from generate_series(0, 2999) i;
    vacuum analyze planted.orders; vacuum analyze planted.customer; analyze planted.part;
    delete from planted.customer where id = 500;
    update planted.orders set status = status + 1 where id <= 12000`;
  for (const statement of script.split(/;(?!--)/)) await db.sql(statement);
  await db.sql('set enable_seqscan = off');
  for (let turn = 0; turn < 3; turn += 1) await db.sql('select count(*) from planted.orders where status = 3');
  await db.sql('reset enable_seqscan');
}

describe.each([['main', newest, 18], ['pg14', oldest, 14]] as const)('%s', (target, db, major) => {
  beforeAll(async () => {
    await plant(db);
    if (major > 14) await db.sql('select pg_stat_force_next_flush()');
    // Until 14 a session tells the collector at the end of a statement, at most twice a second.
    await vi.waitFor(async () => {
      await db.sql('select 1');
      expect((await measured(target, 'usage', { q: 'orders_status' })).rows[0]?.['scans']).toBe(3);
      expect((await measured(target, 'hot', { q: 'planted.orders' })).rows[0]?.['updates']).toBe(11_976);
    }, { timeout: 20_000, interval: 200 });
  });

  test('usage: scans, the guide’s states, sizes, definitions, parts as one and apart', async () => {
    const result = await measured(target, 'usage', { q: 'planted.' });
    expect(rowOf(result, 'planted.orders_status')).toMatchObject({ usage: 'LOW_USAGE', scans: 3, enforces: 'none', method: 'btree', parts: 1, definition: 'CREATE INDEX orders_status ON planted.orders USING btree (status)' });
    expect(rowOf(result, 'planted.orders_note')).toMatchObject({ usage: 'UNUSED', scans: 0 });
    expect(Number(rowOf(result, 'planted.orders_note')?.['size_bytes'])).toBeGreaterThan(500_000);
    expect(rowOf(await measured(target, 'usage', { q: 'orders_status', low_scans: '3' }), 'planted.orders_status')).toMatchObject({ usage: 'ACTIVE' });
    expect(rowOf(result, 'planted.part_a')).toMatchObject({ parts: 3, definition: expect.stringContaining('ON ONLY planted.part ') });
    expect(rowOf(result, 'planted.part_1_a_idx')).toBeUndefined();
    const apart = await measured(target, 'usage', { q: 'planted.', partitions: 'each part' });
    expect(rowOf(apart, 'planted.part_1_a_idx')).toMatchObject({ parts: 1 });
    expect(rowOf(apart, 'planted.part_a')).toBeUndefined();
    expect(rowOf(result, 'planted.orders_status')?.['last_scan_at'] === null).toBe(major < 16);
  });

  test('unused: what nothing needs is found; what enforces, identifies or supports is kept with its reason', async () => {
    const result = await measured(target, 'unused', { min_days: '0', min_table_scans: '0', show: 'all', q: 'planted.' });
    expect(about(result, 'planted.orders_note')).toMatchObject({ code: 'indexes.unused', severity: 'info' });
    const drop = await remedied(about(result, 'planted.orders_note'), major);
    expect(drop).toMatchObject({ statements: ['DROP INDEX CONCURRENTLY IF EXISTS "planted"."orders_note"'], inverse: { sql: expect.stringContaining('CREATE INDEX CONCURRENTLY orders_note ON planted.orders USING btree (note);') } });
    expect((await remedied(about(result, 'planted.part_a'), major)).statements).toEqual(['DROP INDEX "planted"."part_a"']);
    const kept = Object.fromEntries(result.rows.filter((row) => row['verdict'] === 'keep').map((row) => [row['index'], row['reason']]));
    expect(kept).toMatchObject({ 'planted.orders_unique': 'enforces uniqueness', 'planted.orders_replica': 'marked for CLUSTER', 'planted.fresh_kind': 'supports foreign key fresh_kind_id_fkey', 'planted.part_b': 'invalid: see Invalid' });
    expect(about(result, 'planted.orders_status')).toBeUndefined();
  });

  test('unused: young statistics are “not known yet”, and no finding', async () => {
    const result = await measured(target, 'unused', { q: 'planted.' });
    expect(rowOf(result, 'planted.orders_note')).toMatchObject({ verdict: 'not known yet', reason: expect.stringMatching(/^counted since /) });
    expect(result.findings).toEqual([]);
    const unread = await measured(target, 'unused', { min_days: '0', min_table_scans: '1000000', q: 'planted.orders_note' });
    expect(unread.rows[0]).toMatchObject({ verdict: 'not known yet', reason: expect.stringMatching(/^its table was scanned \d+ times only$/) });
  });

  test('redundant: pairs with size, definitions and remedy; a partitioned pair once; odd names stay whole', async () => {
    const result = await measured(target, 'redundant');
    expect(about(result, 'planted.orders_note')).toMatchObject({ code: 'indexes.redundant', evidence: { covered_by: 'planted.orders_note_too', kind: 'prefix' } });
    expect(result.rows.filter((row) => String(row['table']).startsWith('planted.part')).map((row) => row['index'])).toEqual(['planted.part_a']);
    const second = '"Odd ""s.\n"."I2;--"';
    expect(about(result, second)).toMatchObject({ code: 'indexes.duplicate', severity: 'warning' });
    await db.sql('begin');
    const { statements, inverse } = await remedied(about(result, second), major);
    for (const statement of statements) await db.sql(statement.replace('CONCURRENTLY ', ''));
    await db.sql(inverse && 'sql' in inverse ? inverse.sql.replace('CONCURRENTLY ', '') : '');
    await db.sql('rollback');
  });

  test('redundant: a locked table is left out, and that is said', async () => {
    const other = await db.connect('superuser');
    await other.query('begin');
    await other.query('lock table planted.orders in access exclusive mode');
    const result = await measured(target, 'redundant');
    const sizes = await measured(target, 'usage', { q: 'planted.orders_note' });
    await other.query('rollback');
    expect(about(result, 'planted.orders_note')).toBeUndefined();
    expect(about(result, 'locked tables')).toMatchObject({ code: 'indexes.locked' });
    expect(rowOf(sizes, 'planted.orders_note')).toMatchObject({ definition: null });
  });

  test('missing_fk: keys without a usable prefix, partitions counted; a predicate that leaves out NULLs only is good enough', async () => {
    const result = await measured(target, 'missing_fk', { q: 'planted.' });
    const found = Object.fromEntries(result.rows.map((row) => [row['constraint'], row]));
    expect(Object.keys(found).toSorted()).toEqual(['child_customer_id_fkey', 'orders_customer_id_fkey', 'orders_third_id_fkey']);
    expect(found['orders_customer_id_fkey']).toMatchObject({ on_delete: 'cascade', deletes: 1, without: 1, tables: 1, partitioned: false });
    expect(found['child_customer_id_fkey']).toMatchObject({ without: 1, tables: 2, partitioned: true });
    const [finding] = result.findings.filter(({ evidence }) => evidence['constraint'] === 'orders_customer_id_fkey');
    expect(finding).toMatchObject({ code: 'indexes.missing_fk', severity: 'warning', about: 'planted.orders' });
    await db.sql('begin');
    for (const statement of (await remedied(finding, major)).statements) await db.sql(statement.replace('CONCURRENTLY ', ''));
    await db.sql('rollback');
  });

  test('missing_fk and unused agree: an index on the first columns of a key is named by one and kept by the other', async () => {
    const missing = await measured(target, 'missing_fk', { q: 'keyed.' });
    const said = (table: string) => about(missing, table)?.says;
    expect(missing.rows.map(({ constraint, without, narrowed, narrowing }) => [constraint, without, narrowed, narrowing]).toSorted()).toEqual([
      ['blocks_fk', 1, 1, 'keyed.blocks_p'], ['lead_fk', 1, 1, 'keyed.lead_p'], ['other_fk', 1, 0, null], ['partial_fk', 1, 0, null],
    ]);
    expect(said('keyed.lead')).toMatch(/^lead_fk \(p, x\) has no index that finds its rows alone: keyed\.lead_p narrows them down, and each delete in keyed\.pair reads what is left of keyed\.lead \(/);
    expect(said('keyed.partial')).toContain('reads all of keyed.partial');
    const unused = await measured(target, 'unused', { min_days: '0', min_table_scans: '0', show: 'all', q: 'keyed.' });
    const reasons = Object.fromEntries(unused.rows.filter((row) => !String(row['reason']).startsWith('constraint')).map((row) => [row['index'], row['verdict'] === 'keep' ? row['reason'] : row['verdict']]));
    expect(reasons).toEqual({
      'keyed.lead_p': 'supports foreign key lead_fk in part', 'keyed.lead_y': 'unused', 'keyed.ranged_p': 'supports foreign key ranged_fk',
      'keyed.blocks_p': 'supports foreign key blocks_fk in part', 'keyed.both_p': 'unused', 'keyed.both_x_p': 'supports foreign key both_fk',
      'keyed.partial_p': 'unused', 'keyed.other_t': 'unused',
    });
  });

  test('null_keys: a first key that is NULL in most rows, with the partial index to make instead', async () => {
    const result = await measured(target, 'null_keys', { min_bytes: '0', q: 'planted.' });
    expect(about(result, 'planted.orders_seldom')).toMatchObject({ code: 'indexes.null_keys' });
    expect(Number(rowOf(result, 'planted.orders_seldom')?.['null_ratio'])).toBeCloseTo(0.98, 2);
    expect(sqlOf(about(result, 'planted.orders_seldom'))).toContain('CREATE INDEX CONCURRENTLY ON planted.orders USING btree (seldom) WHERE seldom IS NOT NULL;');
    expect(result.findings).toHaveLength(1);
  });

  test('low_use and hot: figures of what was planted', async () => {
    const low = await measured(target, 'low_use', { ...lowUse, q: 'planted.' });
    expect(about(low, 'planted.orders_status')).toMatchObject({ code: 'indexes.low_use', evidence: { scans: 3 } });
    expect((await measured(target, 'low_use', { ...lowUse, min_days: '30', q: 'planted.' })).findings).toEqual([]);
    const hot = await measured(target, 'hot', { q: 'planted.orders' });
    expect(about(hot, 'planted.orders')).toMatchObject({ code: 'indexes.hot', evidence: { updates: 11_976, hot: 0, indexes: 9 } });
    expect(hot.rows[0]?.['new_page_ratio'] === null).toBe(major < 16);
  });

  test('partition_gaps: an index on some partitions, found by column names; one invalid on the parent', async () => {
    const result = await measured(target, 'partition_gaps', { q: 'planted.' });
    const shown = result.rows.map(({ table, keys, kind, having_it, parts, without }) => ({ table, keys, kind, having_it, parts, without }));
    expect(shown.toSorted((a, b) => String(a.keys) < String(b.keys) ? -1 : 1)).toEqual([
      { table: 'planted.part', keys: 'b', kind: 'invalid on the parent', having_it: 1, parts: 3, without: 'planted.part_2, planted.part_3' },
      { table: 'planted.part', keys: 'c', kind: 'on some partitions', having_it: 2, parts: 3, without: 'planted.part_2' },
      { table: 'planted.child', keys: 'customer_id', kind: 'on some partitions', having_it: 1, parts: 2, without: 'planted.child_1' },
    ]);
    expect(result.findings.map(({ code }) => code)).toEqual(['indexes.partition_gap', 'indexes.partition_gap', 'indexes.partition_gap']);
  });

  test('partition_gaps: like expressions and predicates are like ones where the columns have other numbers, unlike ones are not', async () => {
    const { rows } = await measured(target, 'partition_gaps', { q: 'named.' });
    expect(rows.map(({ index, having_it, without }) => ({ index, having_it, without })).toSorted((a, b) => (String(a.index) < String(b.index) ? -1 : 1))).toEqual([
      { index: 'named.top_1_upper', having_it: 1, without: 'named.top_2' }, { index: 'named.top_2_upper', having_it: 1, without: 'named.top_1' },
    ]);
  });
});
