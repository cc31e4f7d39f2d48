import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pg from 'pg';
import { askMeasured } from '@/test/ask';
import { useDatabase } from '@/test/database';
import { startTestServer, type TestServer } from '@/test/cluster';
import { startHypopgServer } from '@/test/hypopg';
import { parseSql } from '@/lib/pg/parser';
import { adviceCases, adviceTables } from './advice-corpus';

await useDatabase();
const withHypopg = await startHypopgServer();
// Its statements are counted apart from those of other files, and its plans are generic by another way.
const without = await startTestServer({ major: 18 });
process.env.TARGETS = [['proved', withHypopg, 'watcher'], ['unproved', without, 'watcher'], ['blind', without, 'blind'], ['super', withHypopg, 'postgres']].map(([name, server, user]) => {
  return `${String(name)}=${(server as TestServer).url('advised', String(user), user === 'postgres' ? undefined : 'watching')}`;
}).join(' ');

const connections: pg.Client[] = [];
async function connected(server: TestServer, database: string): Promise<pg.Client> {
  const client = new pg.Client(server.url(database));
  await client.connect();
  connections.push(client);
  return client;
}

async function planted(server: TestServer): Promise<pg.Client> {
  const main = await connected(server, 'postgres');
  for (const role of ['watcher', 'blind']) await main.query(`create role ${role} login password 'watching' in role pg_monitor`);
  await main.query('grant pg_read_all_data to watcher');
  await main.query('create database advised');
  const client = await connected(server, 'advised');
  await client.query(adviceTables);
  await client.query('vacuum analyze');
  return client;
}

let proved: pg.Client;
let unproved: pg.Client;

beforeAll(async () => {
  [proved, unproved] = [await planted(withHypopg), await planted(without)];
  await proved.query('create extension hypopg');
});

afterAll(async () => {
  await (await import('@/lib/run/monitor')).closeMonitors();
  await Promise.all(connections.map((client) => client.end()));
  await Promise.all([withHypopg.dispose(), without.dispose()]);
});

type Row = { verdict: string; index_on: string; because: string; cost_before: number; cost_after: number; query: string; ddl: string; size_bytes: number | null; queryids: string };

/** Captures exactly these statements, and asks. */
async function adviceFor(client: pg.Client, target: string, statements: string[], query: Record<string, string> = {}): Promise<Row[]> {
  await client.query('select pg_stat_statements_reset()');
  for (const statement of statements) await client.query(statement);
  return (await askMeasured('indexes.advice', { target, ...query })).rows as Row[];
}

const shown = ({ index_on: on }: Row): string => on.replace(/^public\./, '');

/** Each is there once, as one of its alternatives. */
function expectAdvice(rows: Row[], verdict: string, wanted: string[]): void {
  const said = rows.filter((row) => row.verdict === verdict).map(shown).toSorted();
  expect(said.map((one) => wanted.find((alternatives) => alternatives.split(' | ').includes(one)) ?? one)).toEqual(wanted.toSorted());
}

type Plan = { 'Total Cost': number; 'Index Name'?: string; Plans?: Plan[] };

/** The generic plan of a captured text, as it really is. */
async function planOf(client: pg.Client, text: string): Promise<{ cost: number; indexes: string[] }> {
  await client.query('set plan_cache_mode = force_generic_plan');
  await client.query(`prepare truth as ${text}`);
  const { rows: [prepared] } = await client.query<{ count: number }>("select cardinality(parameter_types) as count from pg_prepared_statements where name = 'truth'");
  const nulls = Array.from({ length: prepared?.count ?? 0 }, () => 'null').join(', ');
  const { rows: [row] } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) execute truth${nulls ? `(${nulls})` : ''}`);
  await client.query('deallocate truth');
  const plan = row?.['QUERY PLAN'][0].Plan;
  const names = (node: Plan): string[] => [...(node['Index Name'] ? [node['Index Name']] : []), ...(node.Plans ?? []).flatMap(names)];
  return { cost: plan?.['Total Cost'] ?? Number.NaN, indexes: plan ? names(plan) : [] };
}

const statementsOf = (ddl: string): string[] => ddl.replaceAll(/^--.*$/gm, '').replaceAll(/ -- [^\n]*$/gm, '').split(/;\s*(?:\n|$)/).map((text) => text.trim()).filter(Boolean);

type Made = { name: string; root: boolean; bytes: number; schema: string };

/** Runs what the advice says to run, and tells which indexes that made. */
async function makeReal(client: pg.Client, rows: Row[]): Promise<Made[]> {
  const before = `select i.indexrelid from pg_index i`;
  const { rows: known } = await client.query<{ indexrelid: string }>(before);
  for (const { ddl } of rows) for (const statement of statementsOf(ddl)) await client.query(statement);
  const { rows: made } = await client.query<Made>(
    `select c.relname as name, not c.relispartition as root, pg_relation_size(c.oid)::float8 as bytes, (select nspname from pg_namespace n where n.oid = c.relnamespace) as schema from pg_index i join pg_class c on c.oid = i.indexrelid where i.indexrelid <> all ($1::oid[]) and i.indisvalid`,
    [known.map(({ indexrelid }) => indexrelid)],
  );
  return made;
}

/** Each proved index, made for real, is used and costs what was said; and it is no larger. */
async function expectTruth(client: pg.Client, rows: Row[]): Promise<void> {
  const advised = rows.filter(({ verdict }) => verdict === 'proved');
  if (advised.length === 0) return;
  const made = await makeReal(client, advised);
  try {
    for (const row of advised) {
      const { cost, indexes } = await planOf(client, row.query);
      expect(made.some(({ name }) => indexes.includes(name)), `${row.index_on} is used by ${row.query}`).toBe(true);
      expect(cost, `${row.index_on}: estimated ${row.cost_after}, before ${row.cost_before}`).toBeLessThanOrEqual(row.cost_after * 1.3 + 5);
      expect(cost, row.index_on).toBeGreaterThanOrEqual(row.cost_after * 0.5 - 10);
    }
    const real = made.reduce((sum, { bytes }) => sum + bytes, 0);
    const said = advised.reduce((sum, { size_bytes: bytes }) => sum + (bytes ?? 0), 0);
    expect(real).toBeLessThanOrEqual(said * 1.05 + 5 * 8192 * made.length);
  } finally {
    await dropMade(client, made);
  }
}

const dropMade = async (client: pg.Client, made: Made[]) => {
  for (const { schema, name } of made.filter(({ root }) => root)) await client.query(`drop index ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`);
};

test.each(adviceCases.map((each) => [each.says, each] as const))('%s', async (_, { indexes = [], statements, advice, unproved: searched = [] }) => {
  for (const index of indexes) await proved.query(index.replace('create index', 'create index planted'));
  try {
    const rows = await adviceFor(proved, 'proved', statements);
    expectAdvice(rows, 'proved', advice);
    expectAdvice(rows, 'not proved', searched);
    expect(rows.filter(({ verdict }) => verdict === 'not known')).toEqual([]);
    await expectTruth(proved, rows);
  } finally {
    await proved.query('drop index if exists planted');
  }
});

test('the corpus is large enough to mean something, and most of it is advice', () => {
  expect(adviceCases.length).toBeGreaterThan(60);
  expect(adviceCases.filter(({ advice }) => advice.length > 0).length).toBeGreaterThan(30);
});

test('without HypoPG: what is named helps when it is made, and most of what helps is named', async () => {
  const wrong: unknown[] = [];
  let named = 0;
  const helpful = adviceCases.filter(({ advice }) => advice.length > 0);
  for (const { says, indexes = [], statements, advice } of adviceCases) {
    for (const index of indexes) await unproved.query(index.replace('create index', 'create index planted'));
    const rows = await adviceFor(unproved, 'unproved', statements);
    expect(rows.every(({ verdict }) => verdict === 'not proved'), says).toBe(true);
    const guessed = rows.filter(({ index_on: on }) => !on.includes('USING gin'));
    for (const row of guessed) {
      const before = await planOf(unproved, row.query);
      const made = await makeReal(unproved, [row]);
      const after = await planOf(unproved, row.query);
      if (!made.some(({ name }) => after.indexes.includes(name)) || after.cost > before.cost * 0.9) wrong.push({ says, index_on: row.index_on, before, after });
      await dropMade(unproved, made);
    }
    if (advice.length > 0 && guessed.length > 0) named += 1;
    await unproved.query('drop index if exists planted');
  }
  expect(wrong).toEqual([]);
  expect(named / helpful.length).toBeGreaterThan(0.7);
});

test('one statement by its id: advice, or why there is none', async () => {
  await adviceFor(proved, 'proved', ['select * from orders where customer_id = 17', 'select * from orders where id = 17', "select * from tiny where name = 'n7'"]);
  const { rows: captured } = await proved.query<{ queryid: string; query: string }>("select queryid::text, query from pg_stat_statements where query like 'select * from%'");
  const idOf = (part: string) => captured.find(({ query }) => query.includes(part))?.queryid ?? '';
  const about = async (part: string) => (await askMeasured('indexes.advice', { target: 'proved', queryid: idOf(part) })).rows as Row[];
  expect(await about('customer_id')).toMatchObject([{ verdict: 'proved', index_on: 'public.orders (customer_id)', queryids: idOf('customer_id') }]);
  expect(await about('where id')).toMatchObject([{ verdict: 'no index', because: 'Nothing that an index could serve is without one.' }]);
  expect(await about('tiny')).toMatchObject([{ verdict: 'no index', because: 'It reads no table of 16 pages or more.' }]);
});

test('finding: what it saves, what it costs writers, and DDL that runs', async () => {
  await proved.query('update orders set region = 2 where id <= 3');
  await proved.query('select pg_stat_statements_reset()');
  for (const statement of ['select * from orders where region = 7 and customer_id = 3', "update orders set customer_id = 5 where id = 9", 'select * from orders where customer_id = 17']) await proved.query(statement);
  await proved.query('select pg_stat_force_next_flush()').catch(() => {});
  const answer = await askMeasured('indexes.advice', { target: 'proved' });
  expect(answer.findings).toMatchObject([{ code: 'indexes.advice', about: 'public.orders (customer_id)', remedy: { action: 'indexes.create', params: { table: 'public.orders', columns: 'customer_id', method: 'btree', include: '', where: '' } } }]);
  expect(answer.findings[0]?.says).toMatch(/^An index on public\.orders \(customer_id\) would lower the planner’s cost of 2 captured statements, the costliest from [\d,]+ to \d+: about .* It takes at most [\d.]+ [kM]B\. .* new entries.*; updates that change customer_id stop being HOT/);
});

test('a name that is taken, and an invalid index that would do', async () => {
  await proved.query('create sequence orders_customer_id_idx');
  await proved.query('create table duplicates as select 1 as customer_id from generate_series(1, 2)');
  await proved.query("insert into orders select -1, 3, 'x', 1, now(), now(), true, '', null, '', 1, '{}', '{}', 0");
  // A line break in a name must not lead out of a comment.
  const broken = '"broken\ndrop table tiny; --"';
  await expect(proved.query(`create unique index concurrently ${broken} on orders (customer_id)`)).rejects.toMatchObject({ code: '23505' });
  const [row] = await adviceFor(proved, 'proved', ['select * from orders where customer_id = 17']);
  const parsed = await parseSql(row?.ddl ?? '');
  expect('statements' in parsed && parsed.statements.map((statement) => Object.keys(statement)[0])).toEqual(['DropStmt', 'IndexStmt']);
  expect(row?.ddl).toContain(`DROP INDEX CONCURRENTLY public.${broken};`);
  expect(row?.ddl).toContain('CREATE INDEX CONCURRENTLY orders_customer_id_idx1 ON public.orders');
  for (const undo of [`drop index ${broken}`, 'drop sequence orders_customer_id_idx', 'delete from orders where id = -1']) await proved.query(undo);
});

test('a partitioned table: an index on each partition, then one on the parent that takes them over', async () => {
  const [row] = await adviceFor(unproved, 'unproved', ['select * from readings where sensor = 17']);
  expect(statementsOf(row?.ddl ?? '').filter((text) => text.startsWith('CREATE INDEX CONCURRENTLY ON'))).toHaveLength(3);
  const made = await makeReal(unproved, row ? [row] : []);
  expect(made.map(({ name }) => name).toSorted()).toEqual(['readings_1_sensor_idx', 'readings_2_sensor_idx', 'readings_3_sensor_idx', 'readings_sensor_idx']);
  await dropMade(unproved, made);
});

test('who may not read the tables learns that nothing is known, and how that changes', async () => {
  await adviceFor(unproved, 'unproved', ['select * from orders where customer_id = 17']);
  const answer = await askMeasured('indexes.advice', { target: 'blind' });
  expect(answer.rows).toMatchObject([{ verdict: 'not known', statements: 1 }]);
  expect(answer.findings).toMatchObject([{ code: 'indexes.unjudged', remedy: { sql: expect.stringContaining('GRANT pg_read_all_data TO "blind";') } }]);
});

test('a schema that only its role has in the search path', async () => {
  await proved.query("create schema apart; create table apart.facts as select i as id, i * 7 % 5003 as topic, repeat('x', 50) as filler from generate_series(1, 20000) i; analyze apart.facts");
  await proved.query("create role narrator login password 'telling'; grant usage on schema apart to narrator; grant select on apart.facts to narrator; alter role narrator set search_path = apart, public");
  const narrator = new pg.Client(withHypopg.url('advised', 'narrator', 'telling'));
  await narrator.connect();
  await proved.query('select pg_stat_statements_reset()');
  await narrator.query('select * from facts where topic = 17');
  await narrator.end();
  expect((await askMeasured('indexes.advice', { target: 'proved' })).rows).toMatchObject([{ verdict: 'proved', index_on: 'apart.facts (topic)' }]);
});

test('a superuser gets the same, and nothing hypothetical is left behind', async () => {
  const rows = await adviceFor(proved, 'super', ['select * from orders where customer_id = 17']);
  expect(rows.map(shown)).toEqual(['orders (customer_id)']);
  const { monitorRows } = await import('@/lib/run/monitor');
  const { sql } = await import('@/lib/pg/sql');
  for (const target of ['super', 'proved']) expect(await monitorRows(target, sql`select indexname from hypopg()`)).toEqual([]);
});

test('a statement that would run somebody’s function while planning is not planned', async () => {
  await proved.query(`create function planted_stable() returns int language plpgsql stable as $$ begin if current_setting('planted.quiet', true) = 'on' then return 17; end if; raise exception 'ran'; end $$`);
  await proved.query("set planted.quiet = 'on'");
  const rows = await adviceFor(proved, 'proved', ['select * from orders where customer_id = planted_stable()']);
  expect(rows).toMatchObject([{ verdict: 'not known', because: expect.stringContaining('planted_stable') }]);
});

describe('rehearsed drop', () => {
  type Rehearsal = { index: string; verdict: string; because: string; statements: number; query: string | null };
  const rehearsed = async (target: string, index: string) => (await askMeasured('indexes.drop_rehearsal', { target, index })).rows as Rehearsal[];

  beforeAll(async () => {
    for (const client of [proved, unproved]) {
      for (const index of ['takes_over on orders (customer_id, email, created_at)', 'read_one on orders (customer_id)', 'spare on orders (code, region)', 'on_parts on readings (sensor)']) await client.query(`create index ${index}`);
      await client.query('select pg_stat_statements_reset()');
      for (const statement of ['select * from orders where customer_id = 17', 'select * from orders where id = 17', 'select * from readings where sensor = 17', 'insert into tiny values (-1, $$x$$)']) await client.query(statement);
    }
  });

  test('without HypoPG 1.4: who reads it today, and what may take over', async () => {
    expect(await rehearsed('unproved', 'public.read_one')).toMatchObject([{ verdict: 'read', statements: 1, query: expect.stringContaining('customer_id'), because: expect.stringMatching(/not proved.*public\.takes_over begins with the same column/) }]);
    expect(await rehearsed('unproved', 'spare')).toMatchObject([{ verdict: 'no plan reads it', statements: 0, query: null }]);
    expect(await rehearsed('unproved', 'orders_pkey')).toMatchObject([{ verdict: 'read', because: expect.stringContaining('It enforces a primary key, and goes only with that.') }]);
    expect(await rehearsed('unproved', 'on_parts')).toMatchObject([{ verdict: 'read', statements: 1, because: expect.stringContaining('No other index begins with its first column.') }]);
    expect(await rehearsed('unproved', 'nothing_of_this_name')).toEqual([]);
    const all = await rehearsed('unproved', '');
    expect(all.map(({ index }) => index).toSorted()).toEqual(['public.on_parts', 'public.orders_pkey', 'public.read_one', 'public.spare', 'public.takes_over', 'public.tiny_pkey'].toSorted());
    expect(all.filter(({ because }) => because.includes('not planned'))).toEqual([]);
  });

  test('with HypoPG: plans without it where that version can hide an index', async () => {
    const { rows: [installed] } = await proved.query<{ hides: boolean }>("select exists (select from pg_proc where proname = 'hypopg_hide_index') as hides");
    const [twin, needed] = [(await rehearsed('proved', 'read_one'))[0]?.verdict, (await rehearsed('proved', 'on_parts'))[0]?.verdict];
    expect([twin, needed]).toEqual(installed?.hides ? ['no worse', 'worse'] : ['read', 'read']);
    expect((await rehearsed('proved', 'spare'))[0]?.verdict).toBe('no plan reads it');
  });

  test('what could not be planned is said: an index that only that reads would look unused', async () => {
    const rows = (await askMeasured('indexes.drop_rehearsal', { target: 'blind', index: 'read_one' })).rows as Rehearsal[];
    expect(rows).toMatchObject([{ verdict: 'no plan reads it', because: expect.stringContaining('3 statements were not planned, of which nothing is known.') }]);
  });
});
