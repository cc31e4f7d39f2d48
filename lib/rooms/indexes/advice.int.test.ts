import { afterAll, beforeAll, expect, test } from 'vitest';
import pg from 'pg';
import { askMeasured } from '@/test/ask';
import { useDatabase } from '@/test/database';
import { startTestServer, type TestServer } from '@/test/cluster';
import { startHypopgServer } from '@/test/hypopg';
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

type Row = { verdict: string; table: string; keys: string; because: string; cost_before: number; cost_after: number; query: string; ddl: string; size_bytes: number | null; queryids: string };

/** Captures exactly these statements, and asks. */
async function adviceFor(client: pg.Client, target: string, statements: string[], query: Record<string, string> = {}): Promise<Row[]> {
  await client.query('select pg_stat_statements_reset()');
  for (const statement of statements) await client.query(statement);
  return (await askMeasured('indexes.advice', { target, ...query })).rows as Row[];
}

const shown = ({ table, keys }: Row): string => `${table.replace(/^public\./, '')} ${keys}`;

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
      expect(made.some(({ name }) => indexes.includes(name)), `${row.keys} is used by ${row.query}`).toBe(true);
      expect(cost, `${row.keys}: estimated ${row.cost_after}, before ${row.cost_before}`).toBeLessThanOrEqual(row.cost_after * 1.3 + 5);
      expect(cost, row.keys).toBeGreaterThanOrEqual(row.cost_after * 0.5 - 10);
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
    const guessed = rows.filter(({ keys }) => !keys.startsWith('GIN'));
    for (const row of guessed) {
      const before = await planOf(unproved, row.query);
      const made = await makeReal(unproved, [row]);
      const after = await planOf(unproved, row.query);
      if (!made.some(({ name }) => after.indexes.includes(name)) || after.cost > before.cost * 0.9) wrong.push({ says, keys: row.keys, before, after });
      await dropMade(unproved, made);
    }
    if (advice.length > 0 && guessed.length > 0) named += 1;
    await unproved.query('drop index if exists planted');
  }
  expect(wrong).toEqual([]);
  expect(named / helpful.length).toBeGreaterThan(0.7);
});
