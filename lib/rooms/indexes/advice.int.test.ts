import { afterAll, beforeAll, expect, test } from 'vitest';
import pg from 'pg';
import { askMeasured } from '@/test/ask';
import { useDatabase } from '@/test/database';
import { startHypopgServer } from '@/test/hypopg';
import { adviceCases, adviceTables } from './advice-corpus';

await useDatabase();
const server = await startHypopgServer();
process.env.TARGETS = [['proved', 'with_hypopg'], ['unproved', 'without']].map(([name, database]) => `${name}=${server.url(database, 'watcher', 'watching')}`).join(' ');

const connections: pg.Client[] = [];
async function connected(database: string): Promise<pg.Client> {
  const client = new pg.Client(server.url(database));
  await client.connect();
  connections.push(client);
  return client;
}

let proved: pg.Client;
let unproved: pg.Client;

beforeAll(async () => {
  const main = await connected('postgres');
  await main.query("create role watcher login password 'watching'; grant pg_monitor, pg_read_all_data to watcher");
  await main.query('create database without');
  unproved = await connected('without');
  await unproved.query(adviceTables);
  await unproved.query('vacuum analyze');
  await unproved.end();
  await main.query('create database with_hypopg template without');
  [proved, unproved] = [await connected('with_hypopg'), await connected('without')];
  await proved.query('create extension hypopg');
});

afterAll(async () => {
  await (await import('@/lib/run/monitor')).closeMonitors();
  await Promise.all(connections.map((client) => client.end()));
  await server.dispose();
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

type Made = { name: string; root: boolean; bytes: number; table: string };

/** Runs what the advice says to run, and tells which indexes that made. */
async function makeReal(client: pg.Client, rows: Row[]): Promise<Made[]> {
  const before = `select i.indexrelid from pg_index i`;
  const { rows: known } = await client.query<{ indexrelid: string }>(before);
  for (const { ddl } of rows) for (const statement of statementsOf(ddl)) await client.query(statement);
  const { rows: made } = await client.query<Made>(
    `select c.relname as name, not c.relispartition as root, pg_relation_size(c.oid)::float8 as bytes, i.indrelid::regclass::text as table from pg_index i join pg_class c on c.oid = i.indexrelid where i.indexrelid <> all ($1::oid[]) and i.indisvalid`,
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
    for (const { name, table } of made.filter(({ root }) => root)) await client.query(`drop index ${table.includes('.') ? `${table.slice(0, table.indexOf('.";T'))}.` : ''}${pg.escapeIdentifier(name)}`);
  }
}

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
