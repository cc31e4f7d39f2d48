import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askMeasured } from '@/test/ask';
import { useDatabase, type TestDatabase } from '@/test/database';
import { corpus, corpusFind, corpusTables } from './corpus';
import { antipatternsOf, statementIn } from './rules';

const db18 = await useDatabase();
const db14 = await useDatabase({ major: 14 });
const clean = await useDatabase({ migrated: false });
process.env.TARGETS = `pg14=${db14.url('monitor')} clean=${clean.url('superuser')}`;
const { closeMonitors } = await import('@/lib/run/monitor');

afterAll(closeMonitors);

const tables = `
  create table planted_orders (id bigint primary key, customer_id bigint, "Status" text not null, note text, created_at timestamp not null);
  insert into planted_orders select g, case when g % 100 > 0 then g % 500 end, 's' || g % 5, 'n' || g, timestamp '2026-01-01' + g * interval '1 minute' from generate_series(1, 20000) g;
  create index planted_created on planted_orders (created_at);
  create table planted_customers (id bigint primary key, email text not null);
  insert into planted_customers select g, 'e' || g || '@x' from generate_series(1, 20000) g;
  create index planted_email on planted_customers (email);
  create table planted_fresh (id bigint primary key, v text) with (autovacuum_enabled = off);
  insert into planted_fresh select g, 'v' from generate_series(1, 20000) g;
  create schema planted_other;
  create table planted_other.planted_twice (id int);
  create table planted_twice (id int);
  insert into planted_twice select g from generate_series(1, 20000) g;
  create table planted_parent (id bigint primary key, v text);
  insert into planted_parent select g, 'v' from generate_series(1, 20000) g;
  create table planted_heir () inherits (planted_parent);
  insert into planted_heir select * from planted_parent;
  create table planted_parts (id bigint, at timestamptz not null, v text) partition by range (at);
  create table planted_parts_1 partition of planted_parts for values from ('2026-01-01') to ('2026-02-01');
  create table planted_parts_2 partition of planted_parts for values from ('2026-02-01') to ('2026-03-01');
  insert into planted_parts select g, timestamptz '2026-01-10' + g * interval '1 minute', 'v' || g from generate_series(1, 40000) g;
  analyze planted_orders; analyze planted_customers; analyze planted_twice; analyze planted_parent; analyze planted_parts;
  grant select on all tables in schema public to riskdesk_app`;

/** Statement → codes that it deserves. */
const planted: [string, unknown[], string[]][] = [
  ['select * from planted_orders', [], ['select_star']],
  ['select id, "Status" from planted_orders order by created_at desc limit $1 offset $2', [10, 15_000], ['offset']],
  ['select email from planted_customers where id not in (select customer_id from planted_orders)', [], ['not_in']],
  ['select id from planted_orders where date(created_at) = $1', ['2026-01-05'], ['function_on_column']],
  ['select id from planted_customers where lower(email) = $1', ['e1@x'], ['function_on_column']],
  ['select note from planted_orders where id = $1', [5], []],
  ['select id from planted_orders order by id limit $1', [5], []],
  ['select * from planted_fresh', [], []],
  ['select id from planted_parts where v ilike $1', ['v7'], ['ilike']],
  ['select id from planted_parts where v ilike $1 and at >= $2', ['v7', '2026-02-01'], []],
  // Another search path, another table; rows that no key of the parent speaks for; a key that may hold NULL after all.
  ['select * from planted_twice', [], []],
  ['select distinct id, v from planted_parent where v = $1', ['v'], []],
];

async function plant(db: TestDatabase): Promise<void> {
  for (const statement of tables.split(';')) await db.sql(statement);
  const app = await db.connect('app');
  for (const [statement, values] of planted) await app.query(statement, values);
}

const bare = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll(/\$\d+/g, '$');

describe.each([['main', db18], ['pg14', db14]] as const)('anti-patterns on %s', (target, db) => {
  beforeAll(() => plant(db));

  test('the planted ones are found, and only those', async () => {
    const { rows } = await askMeasured('queries.antipatterns', { target, q: 'planted_' });
    for (const [statement, , codes] of planted) {
      const found = rows.filter(({ query }) => bare(String(query)) === bare(statement)).map(({ code }) => code);
      expect(found, statement).toEqual(codes.map((code) => `queries.${code}`));
    }
  });

  test('every rewrite is a statement that this server takes, with the names of the tables', async () => {
    const { rows } = await askMeasured('queries.antipatterns', { target, q: 'planted_' });
    const rewrites = rows.flatMap(({ rewrite }) => (typeof rewrite === 'string' && rewrite.includes('planted_') ? [rewrite] : []));
    expect(rewrites.length).toBeGreaterThanOrEqual(4);
    for (const rewrite of rewrites) {
      await db.sql(`prepare planted_rewrite as ${rewrite}`);
      await db.sql('deallocate planted_rewrite');
    }
    expect(rewrites.find((text) => text.includes('created_at, id'))).toMatch(/"Status"[\s\S]+\(created_at, id\) < \(\$\d, \$\d\)/);
  });

  test('NOT IN warns that one NULL empties the answer, which here it does', async () => {
    const { findings } = await askMeasured('queries.antipatterns', { target, q: 'not in (select customer_id' });
    expect(findings).toEqual([expect.objectContaining({ code: 'queries.not_in', says: expect.stringContaining('gives one NULL, no row is returned'), remedy: { sql: expect.stringContaining('Not the same where a NULL is met') } })]);
    expect(await db.sql('select email from planted_customers where id not in (select customer_id from planted_orders)')).toEqual([]);
    const { rows } = await askMeasured('queries.antipatterns', { target, q: 'not in (select customer_id' });
    expect((await db.sql(String(rows[0]?.rewrite))).length).toBe(20_000 - 495);
  });

  test('a NOT NULL that was never validated, or is not inherited, promises nothing', async () => {
    if (db !== db18) return;
    await db.sql('create table planted_loose (id bigint, ref bigint)');
    await db.sql('insert into planted_loose select g, case when g % 3 > 0 then g end from generate_series(1, 20000) g');
    await db.sql('alter table planted_loose add constraint planted_set not null ref not valid');
    await db.sql('analyze planted_loose');
    await db.sql('select email from planted_customers where id not in (select ref from planted_loose)');
    const { findings } = await askMeasured('queries.antipatterns', { target, q: 'planted_loose' });
    expect(findings).toEqual([expect.objectContaining({ says: expect.stringContaining('gives one NULL') })]);
  });

  test('one statement alone, by its id', async () => {
    const { rows: all } = await askMeasured('queries.antipatterns', { target, q: 'planted_' });
    const { queryid } = all.find(({ code }) => code === 'queries.offset') ?? {};
    const { rows } = await askMeasured('queries.antipatterns', { target, queryid: String(queryid) });
    expect(rows.map(({ code }) => code)).toEqual(['queries.offset']);
    expect((await askMeasured('queries.antipatterns', { target, queryid: "1' or true --" })).rows).toEqual([]);
  });

  test('the page of a statement: its figures by role, its text laid out, its tables with what is known of them', async () => {
    const admin = await db.connect('superuser');
    await admin.query('select id, "Status" from planted_orders order by created_at desc limit $1 offset $2', [5, 5]);
    const [first] = (await askMeasured('queries.total', { target, q: 'offset' })).rows.filter(({ query }) => String(query).includes('planted_orders'));
    const { rows } = await askMeasured('queries.statement', { target, queryid: String(first?.queryid) });
    expect(rows.map(({ usr, calls }) => [usr, calls]).toSorted()).toEqual([['postgres', 1], ['riskdesk_app', 1]]);
    expect(String(rows[0]?.formatted).split('\n').map((line) => line.split(' ')[0])).toEqual(['select', 'from', 'order', 'limit', 'offset']);
    const { rows: named } = await askMeasured('queries.statement_tables', { target, queryid: String(first?.queryid) });
    expect(named).toEqual([expect.objectContaining({ written: 'planted_orders', tab: 'public.planted_orders', meaning: 'the only one of this name', kind: 'table', row_estimate: 20_000, index_count: 2 })]);
    expect(Number(named[0]?.heap_bytes)).toBeGreaterThan(1_000_000);
    expect(Date.parse(String(named[0]?.analyzed_at))).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  test('a name that could mean two tables says so', async () => {
    await db.sql('select id + 1 as planted_two from planted_twice');
    const [one] = (await askMeasured('queries.total', { target, q: 'planted_two' })).rows;
    const { rows } = await askMeasured('queries.statement_tables', { target, queryid: String(one?.queryid) });
    expect(rows).toEqual([expect.objectContaining({ meaning: 'one of 2 of this name: the caller’s search_path decides' })]);
  });
});

test('a clean database has none', async () => {
  await clean.sql('create extension if not exists pg_stat_statements');
  const { rows, findings } = await askMeasured('queries.antipatterns', { target: 'clean' });
  expect({ rows, findings }).toEqual({ rows: [], findings: [] });
});

describe('rewrites that promise the same rows give the same rows', () => {
  const name = (text: string) => `"${text}"`;
  const value: Record<string, (column: string) => string> = {
    bigint: () => '(g * 7) % 60 + 1', integer: () => '(g * 7) % 60 + 1', text: (column) => (column === 'status' ? "(array['open', 'paid'])[g % 2 + 1]" : `'x' || g % 4`), numeric: () => 'g % 9', character: () => "'c' || g % 3",
    uuid: () => "('00000000-0000-0000-0000-00000000000' || g % 5)::uuid", 'timestamp without time zone': () => "date_trunc('hour', now()::timestamp) - g * interval '5 hours'", 'timestamp with time zone': () => "timestamptz '2026-01-01' + g * interval '5 hours'",
  };

  beforeAll(async () => {
    await db18.sql('create schema corpus');
    for (const { name: table, columns } of corpusTables) {
      await db18.sql(`create table corpus.${name(table)} (${columns.map((one) => `${name(one.name)} ${one.type === 'character' ? 'char(4)' : one.type} ${one.notNull ? 'not null' : ''}`).join(', ')})`);
      const values = columns.map((one) => {
        const made = one.name === 'id' ? 'g' : one.name === 'email' ? "'e' || g" : (value[one.type]?.(one.name) ?? 'null');
        return one.notNull ? made : `case when g % 6 > 0 then ${made} end`;
      });
      await db18.sql(`insert into corpus.${name(table)} select ${values.join(', ')} from generate_series(1, 300) g`);
    }
    // Today and tomorrow, wherever it is today.
    await db18.sql("update corpus.orders set created_at = current_date + (id - 100) * interval '6 hours' where id between 100 and 110");
    await db18.sql("update corpus.orders set created_at = timestamp '2026-01-05' + (id - 20) * interval '1 hour' where id <= 60");
  });

  const promised = corpus.filter(({ same }) => same);
  test.each(promised.map((one) => [one.sql.slice(0, 120), one] as const))('%s', async (_, { sql, same = [], sameAfter = same }) => {
    const statement = await statementIn(sql);
    const [found] = statement ? await antipatternsOf(statement, corpusFind) : [];
    const client = await db18.connect('superuser');
    await client.query("set search_path = corpus; set timezone = 'Europe/Berlin'");
    const rowsOf = async (text: string, values: unknown[]) => (await client.query({ text: text.replaceAll('public.', ''), values, rowMode: 'array' })).rows.map((row) => JSON.stringify(row)).toSorted();
    const before = await rowsOf(sql, same);
    expect(await rowsOf(String(found?.rewrite), sameAfter)).toEqual(before);
    expect(found?.note).toMatch(/^The same rows/);
    expect(before.length).toBeGreaterThan(0);
  });

  test('pages behind a row are the pages by OFFSET', async () => {
    const client = await db18.connect('superuser');
    await client.query('set search_path = corpus');
    const sql = 'select id, created_at from orders where status = $1 order by created_at desc limit $2 offset $3';
    const statement = await statementIn(sql);
    const [found] = statement ? await antipatternsOf(statement, corpusFind) : [];
    const total = (await client.query<{ id: string; created_at: string }>("select id, created_at::text from orders where status = 'open' order by created_at desc, id desc")).rows;
    const pages: string[] = [];
    for (let last = total[0]; last && pages.length < total.length - 1;) {
      const { rows } = await client.query<{ id: string; created_at: string }>(String(found?.rewrite).replace('id, created_at', 'id, created_at::text'), ['open', 7, last.created_at, last.id]);
      pages.push(...rows.map(({ id }) => id));
      last = rows.at(-1);
    }
    expect(pages).toEqual(total.slice(1).map(({ id }) => id));
  });
});
