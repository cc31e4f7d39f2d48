import { afterAll, beforeAll, expect, test } from 'vitest';
import pg from 'pg';
import { ask, askMeasured } from '@/test/ask';
import { useDatabase } from '@/test/database';
import { numbers, seed } from '@/test/faults';
import { statementsOf } from '@/test/remedies';

const db = await useDatabase();
process.env.TARGETS = `super=${db.url('superuser')}`;
const { diagnostics } = await import('./registry');
const { closeMonitors } = await import('./monitor');
const { parseSql } = await import('@/lib/pg/parser');

afterAll(closeMonitors);

const asked = [...diagnostics.values()].filter(({ diagnostic }) => ['sql', 'facts'].includes(diagnostic.source)).map(({ id }) => id);
const quoted = (name: string) => pg.escapeIdentifier(name);

/** Two hundred names, each with what tears careless text apart, none longer than the 63 bytes that PostgreSQL keeps. */
function hostileNames(): string[] {
  const parts = ['"', "'", '\\', '\n', '\t', '; drop table users; --', '<img src=x onerror=alert(1)>', '&amp;', '😀', 'Ünï', '$1', '$$', '%s', '--', '/*', '*/', '.', ' ', 'SELECT', '{}', '`', '\u202e', "' or 1=1", '${7*7}', '-leading', 'MiXeD'];
  const next = numbers(seed);
  const names = new Set<string>([...'"'.repeat(3)].map((_, index) => '"'.repeat(index + 1)));
  while (names.size < 200) {
    const text = `${Array.from({ length: 1 + next(4) }, () => parts[next(parts.length)]).join('')}${names.size}`;
    if (Buffer.byteLength(text) <= 55) names.add(text);
  }
  return [...names];
}

const names = hostileNames();
/** As the console writes an object: quoted where it must be, with its schema. */
const shownAs = new Map<string, string>();

beforeAll(async () => {
  const client = await db.connect('superuser');
  await client.query('create schema "Odd ""schema"""');
  for (const name of names) {
    const table = `"Odd ""schema""".${quoted(name)}`;
    await client.query(`create table ${table} (${quoted(name)} int, ${quoted(`${name} 2`)} int)`);
    await client.query(`create index ${quoted(`${name} a`)} on ${table} (${quoted(name)})`);
    await client.query(`create index ${quoted(`${name} b`)} on ${table} (${quoted(name)}, ${quoted(`${name} 2`)})`);
    await client.query(`insert into ${table} select g, g from generate_series(1, 20) g`);
  }
  await client.query('analyze');
  const { rows } = await client.query<{ name: string; shown: string }>(`select relname as name, format('%I.%I', 'Odd "schema"', relname) as shown from pg_class where relnamespace = '"Odd ""schema"""'::regnamespace`);
  for (const { name, shown } of rows) shownAs.set(name, shown);
}, 60_000);

/** What a guard may rightly refuse of what a finding advises here. */
const isAllowed = (code: string, guard: string): boolean => code === 'queries.long' || (code.startsWith('config.') && guard !== 'privilege');
const acted = new Map<string, number>();

test('F12: every question answers beside two hundred hostile names, and what it advises is a statement of PostgreSQL', async () => {
  for (const id of asked) {
    const result = await ask(id, { limit: '1000' });
    if (result.state === 'unmeasured') {
      expect(result.reason.code, `${id}: ${result.reason.says}`).not.toBe('failed');
      continue;
    }
    for (const { remedy, code, about } of result.findings) {
      if (!remedy) continue;
      // An action says by its preview what it would run; as a superuser, who may do everything.
      const { statements, guards } = await statementsOf(remedy, 'super');
      expect(guards.map(({ name }) => name).filter((name) => !isAllowed(code, name)), `${id} ${code} ${about}: ${JSON.stringify(remedy)}`).toEqual([]);
      if ('action' in remedy) acted.set(remedy.action, (acted.get(remedy.action) ?? 0) + 1);
      for (const statement of statements) {
        // A placeholder in pointed brackets is for a person to fill in, and no remedy of an object of its own has one.
        const text = 'action' in remedy ? statement : statement.replaceAll(/<the [a-z ]+>|<[a-z_]+>/g, 'placeholder').replaceAll(/^\\.*$/gm, '');
        const parsed = await parseSql(text);
        const onlyComments = text.split('\n').every((line) => line.trim() === '' || line.startsWith('--'));
        expect('error' in parsed && !onlyComments ? `${id} ${code} ${about}: ${parsed.error.says}\n${statement}` : '').toBe('');
      }
    }
  }
  expect(acted.get('indexes.drop') ?? 0).toBeGreaterThanOrEqual(200);
  process.stdout.write(`F12: statements of ${[...acted].map(([action, times]) => `${action} ${times}`).join(', ')} previewed\n`);
}, 120_000);

test('F12: tables and indexes stand under the names that PostgreSQL itself would write', async () => {
  const sizes = await askMeasured('tables.size', { limit: '1000' });
  const shown = new Set(sizes.rows.map((row) => row['tab']));
  for (const name of names) expect(shown).toContain(shownAs.get(name));
  const usage = await askMeasured('indexes.usage', { limit: '1000', q: 'odd' });
  expect(usage.rows.length).toBeGreaterThanOrEqual(400);
});

test('F12: a search for a hostile name finds it, and it alone', async () => {
  for (const name of names.filter((_, index) => index % 10 === 0)) {
    const shown = shownAs.get(name) ?? '';
    const { rows } = await askMeasured('tables.size', { q: shown });
    expect(rows.map((row) => row['tab']), name).toContain(shown);
  }
});

test('F12: every action on a table or an index is planned as statements on that very one, whatever its name', async () => {
  for (const name of names.filter((_, at) => at % 8 === 3)) {
    const [table, index] = [shownAs.get(name) ?? '', shownAs.get(`${name} b`) ?? ''];
    const wishes: [string, Record<string, string>][] = [
      ['tables.analyze', { table }], ['tables.vacuum', { table }], ['tables.vacuum_full', { table }], ['tables.reindex', { table }], ['tables.storage', { table, fillfactor: '90' }],
      ['indexes.create', { table, columns: `${quoted(`${name} 2`)} desc`, where: `${quoted(name)} > 0` }], ['indexes.reindex', { index }], ['indexes.drop', { index }],
    ];
    for (const [action, params] of wishes) {
      const { statements, guards } = await statementsOf({ action, params }, 'super');
      expect([action, name, guards]).toEqual([action, name, []]);
      for (const statement of statements) {
        const parsed = await parseSql(statement);
        expect('error' in parsed ? `${action} ${name}: ${parsed.error.says}\n${statement}` : parsed.statements.length).toBe(1);
        expect(statement).toContain(quoted(name).slice(0, -1));
      }
    }
  }
}, 60_000);

test('F12: the remedy of a redundant index drops that index and no other', async () => {
  const { findings } = await askMeasured('indexes.redundant', { limit: '1000' });
  const ours = findings.filter(({ about }) => about.includes('Odd ""schema""'));
  expect(ours.length).toBe(200);
  const client = await db.connect('superuser');
  const indexes = async () => new Set((await client.query<{ name: string }>(`select relname as name from pg_class where relkind = 'i' and relnamespace = '"Odd ""schema"""'::regnamespace`)).rows.map(({ name }) => name));
  for (const { remedy } of ours.filter((_, index) => index % 8 === 0)) {
    const before = await indexes();
    for (const statement of remedy ? (await statementsOf(remedy, 'super')).statements : []) await client.query(statement);
    const after = await indexes();
    const gone = [...before].filter((name) => !after.has(name));
    expect(gone).toHaveLength(1);
    expect(gone[0]).toMatch(/ a$/);
  }
}, 60_000);

test('F10: while the statistics are reset again and again, nothing is negative, nothing fails, and no reset is ours', async () => {
  const superuser = await db.connect('superuser');
  const done = { resets: 0 };
  const over = new AbortController();
  const resetting = (async () => {
    while (!over.signal.aborted) {
      await superuser.query('select pg_stat_reset()');
      await superuser.query(`select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()), 0)`);
      done.resets += 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const negative: string[] = [];
  // All of them once, and on until there have been enough resets.
  for (let n = 0; n < asked.length || done.resets <= 10; n += 1) {
    const id = asked[n % asked.length] ?? '';
    const result = await ask(id, { limit: String(1000 - Math.floor(n / asked.length)) });
    if (result.state === 'unmeasured') expect(result.reason.code, `${id}: ${result.reason.says}`).not.toBe('failed');
    else for (const row of result.rows) for (const [key, value] of Object.entries(row)) if (typeof value === 'number' && value < 0 && /_(ms|ratio|bytes)$|^(calls|scans)$/.test(key)) negative.push(`${id}.${key} ${value}`);
  }
  over.abort();
  await resetting;
  expect(negative).toEqual([]);
  expect(done.resets).toBeGreaterThan(10);
  const ours = await db.sql(`select query from pg_stat_statements s join pg_roles r on r.oid = s.userid where r.rolname <> 'postgres' and query ~* 'pg_stat\\w*reset' and dbid = (select oid from pg_database where datname = current_database())`);
  expect(ours).toEqual([]);
}, 120_000);
