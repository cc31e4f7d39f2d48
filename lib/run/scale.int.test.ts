import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '@/test/ask';
import { useDatabase, type TestDatabase } from '@/test/database';

const main = await useDatabase();
const few = await useDatabase({ migrated: false });
const many = await useDatabase({ migrated: false });
process.env.TARGETS = [`few=${few.url('superuser')}`, `many=${many.url('superuser')}`].join(' ');
const { closeMonitors } = await import('./monitor');
const { diagnostics } = await import('./registry');
const { questionSchema, toQuestion } = await import('./question');
const { serverFacts } = await import('./server');
const { judgedStatementOf, statementOf } = await import('./statement');
const { marker, render, sql } = await import('@/lib/pg/sql');
afterAll(closeMonitors);

type Entry = Parameters<typeof judgedStatementOf>[0] & { diagnostic: { source: string; onDemand?: string } };
const catalog = [...diagnostics.values()].filter(({ room, diagnostic }) => ['indexes', 'tables', 'partitions'].includes(room.name) && ['sql', 'facts'].includes(diagnostic.source) && !diagnostic.onDemand);

const fewest = 16;
const times = 4;

async function plant(db: TestDatabase, count: number): Promise<void> {
  await db.sql('create extension pg_stat_statements');
  await db.sql('create table events (id bigint not null, at date not null, a int, b int, note text) partition by range (at)');
  for (let n = 0; n < count; n += 1) await db.sql(`create table events_${n} partition of events for values from (date '2024-01-01' + ${n}) to (date '2024-01-01' + ${n + 1})`);
  for (const keys of ['a', 'a, b', 'at', 'b, a']) await db.sql(`create index on events (${keys})`);
  await db.sql(`create index loose on events_0 (b, a)`);
  await db.sql('create table parent (id int primary key)');
  for (let n = 0; n < count; n += 1) await db.sql(`create table keyless_${n} (a int, b int references parent (id)); create index on keyless_${n} (a); create index on keyless_${n} (a, b)`);
  await db.sql(`insert into events select g, date '2024-01-01' + g % ${count}, g from generate_series(1, ${count * 200}) g`);
  // The catalog too: without statistics of it the two databases get different plans by chance.
  await db.sql('vacuum analyze');
}

type Node = { 'Actual Rows': number; 'Actual Loops': number; 'Rows Removed by Filter'?: number; 'Rows Removed by Join Filter'?: number; 'Subplan Name'?: string; 'Parent Relationship'?: string; Plans?: Node[] };

/** Rows that the plan's nodes gave or threw away, all loops together: what grows with the square where a join is not found. */
function work(node: Node): number {
  const own = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)) * node['Actual Loops'];
  return own + (node.Plans ?? []).reduce((sum, child) => sum + work(child), 0);
}

const nodes = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodes)];

async function plansOf(entry: Entry, db: TestDatabase, target: string, query: Record<string, string> = {}, judgeOnly = false): Promise<Node[]> {
  const question = { ...toQuestion(questionSchema(entry.diagnostic as never).parse({ target, ...query })), judgeOnly };
  const server = await serverFacts(target);
  const client = await db.connect('superuser');
  const plans: Node[] = [];
  const explain = async (statement: ReturnType<typeof sql>) => {
    const { text, values } = render(statement);
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Node }[] }>(`explain (analyze, format json, timing off) ${text}`, values);
    plans.push(...(rows[0]?.['QUERY PLAN'] ?? []).map(({ Plan }) => Plan));
  };
  const { diagnostic } = entry as { diagnostic: { source: string; read?: (asking: unknown, context: unknown) => Promise<unknown> } };
  if (diagnostic.source === 'sql') await explain((Object.keys(entry.diagnostic.codes).length > 0 ? judgedStatementOf : statementOf)(entry, question, server) ?? sql`select ${marker('none')} 1`);
  else {
    const asking = async (statement: ReturnType<typeof sql>) => {
      await explain(statement);
      const { text, values } = render(statement);
      return (await client.query(text, values)).rows;
    };
    await diagnostic.read?.(asking, { params: question.params, server });
  }
  await client.end();
  return plans;
}

beforeAll(async () => {
  await Promise.all([plant(few, fewest), plant(many, fewest * times)]);
});

/** What these cost goes by the statements that they plan, not by the catalog. */
const planning = ['indexes.advice', 'indexes.drop_rehearsal'];

test.each(catalog.filter(({ id }) => !planning.includes(id)).map((entry) => [entry.id, entry] as const))('P10: %s does at most in proportion more for four times the relations', async (_, entry) => {
  const total = async (db: TestDatabase, target: string) => (await plansOf(entry, db, target)).reduce((sum, plan) => sum + work(plan), 0);
  const [a, b] = [await total(few, 'few'), await total(many, 'many')];
  // In proportion it is 4, with the square 16. A plan of another shape, chosen for the larger catalog, looks at some rows twice.
  expect(b / a, `${b} rows over ${a}`).toBeLessThan(times * 2.5);
});

test('P10: sizes and definitions are asked for the rows shown alone', async () => {
  for (const id of ['indexes.usage', 'indexes.unused']) {
    const entry = diagnostics.get(id);
    if (!entry) throw new Error(`${id} is not declared`);
    const [plan] = await plansOf(entry, many, 'many', { limit: '5', ...(id === 'indexes.unused' ? { show: 'all' } : {}) });
    const writtenOut = nodes(plan ?? ({} as Node)).filter((node) => node['Parent Relationship'] === 'SubPlan' && JSON.stringify(node).includes('"Relation Name":"pg_index"'));
    expect(writtenOut.length, id).toBeGreaterThan(0);
    for (const node of writtenOut) expect(node['Actual Loops'], id).toBeLessThanOrEqual(6);
  }
});

test('P10: for findings nothing is read that cannot give one', async () => {
  const cte = async (id: string, name: string, judgeOnly: boolean) => {
    const entry = diagnostics.get(id);
    if (!entry) throw new Error(`${id} is not declared`);
    const found = (await plansOf(entry, many, 'many', {}, judgeOnly)).flatMap(nodes).find((node) => node['Subplan Name'] === `CTE ${name}`);
    return found && found['Actual Rows'] * found['Actual Loops'];
  };
  // No table has updates enough, and the counters of a new database are days too young.
  expect([await cte('tables.size', 'picked', true), await cte('indexes.unused', 'counted', true), await cte('indexes.low_use', 'counted', true)]).toEqual([0, 0, 0]);
  for (const [id, name] of [['tables.size', 'picked'], ['indexes.unused', 'counted'], ['indexes.low_use', 'counted']] as const) expect(await cte(id, name, false), id).toBeGreaterThan(fewest * times);
});

/** Who holds back the horizon is of the moment: another session of the shared server comes and goes between two questions. */
const momentary = ['tables.horizon'];

describe('findings are made of every row', () => {
  test.each(catalog.filter(({ id }) => !momentary.includes(id)).map((entry) => [entry.id, entry] as const))('%s: the same whatever is shown, and in whatever order', async (id, { diagnostic }) => {
    const found = async (query: Record<string, string>) => {
      const result = await ask(id, { target: 'many', ...query });
      if (result.state !== 'measured') throw new Error(result.reason.says);
      return { rows: result.rows.length, findings: result.findings.map(({ code, about }) => `${code} ${about}`).toSorted() };
    };
    const whole = await found({ limit: '1000' });
    const last = Object.keys(diagnostic.row).at(-1) ?? '';
    expect(await found({ limit: '1', sort: `-${last}` })).toEqual({ rows: Math.min(1, whole.rows), findings: whole.findings });
    expect(await found({ limit: '2', sort: last })).toEqual({ rows: Math.min(2, whole.rows), findings: whole.findings });
  });

  test('there were more than were shown', async () => {
    const result = await ask('tables.hygiene', { target: 'many', limit: '3' });
    if (result.state !== 'measured') throw new Error(result.reason.says);
    expect(result.rows).toHaveLength(3);
    expect(result.truncated).toBe(true);
    expect(result.findings.filter(({ code }) => code === 'tables.no_primary_key').length).toBeGreaterThanOrEqual(fewest * times);
  });
});

test('the overview gives the worst of many findings and says that there are more; what was decided asks its own question alone', async () => {
  const { collectFindings, findFinding } = await import('./collect-findings');
  const dba = { userId: 'x', email: 'x', name: 'x', role: 'dba', via: { kind: 'session', sessionId: 'x' } } as const;
  const { items, more } = await collectFindings(dba, 'many', true);
  expect(more).toBe(items.length >= 250);
  const hygiene = items.find(({ code }) => code === 'tables.no_primary_key');
  const counted = `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements where query like '%/* riskdesk:%' and dbid = (select oid from pg_database where datname = '${many.name}')`;
  const calls = async () => Number((await main.sql<{ calls: number }>(counted))[0]?.calls);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const before = await calls();
  expect(await findFinding(dba, 'many', hygiene?.id ?? '')).toMatchObject({ code: 'tables.no_primary_key' });
  expect((await calls()) - before).toBeLessThanOrEqual(1);
});
