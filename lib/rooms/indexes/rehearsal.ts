import type { Ask, ServerFacts } from '@/lib/kit/diagnostic';
import type { Planner, PlanJson } from '@/lib/kit/planner';
import { indexFacts, type NamedIndex } from '@/lib/pg/index-facts';
import { isSystem } from '@/lib/pg/relation-facts';
import { array, ident, sql, type SQL } from '@/lib/pg/sql';
import { formatCount } from '@/lib/units';
import { late } from './catalog';
import { costOf, nodesOf } from './advice-hypothetical';
import { admitAll, budgetMs, readStatements, type Read } from './advice-read';
import { capturedStatements, type Captured } from './advice-workload';

export type RehearsalRow = {
  index: string; table: string; verdict: string; because: string; statements: number; query: string | null; cost_before: number | null; cost_after: number | null; size_bytes: number | null; planned: number; unjudged: number; queryids: string; oid: string;
};

const leastLoss = 0.1;
const mostIndexes = 200;

/** An index with the plain names of its parts that plans name: a plan names the index of a partition. */
type Rehearsed = NamedIndex & { read: Set<string>; size: number | null };

type Part = { root: string; oid: string; name: string };

const partsSql = (indexes: NamedIndex[], chosen: SQL): SQL => sql`
      with recursive part(root, oid) as (
        select o.oid, o.oid from unnest(${array(indexes.map(({ oid }) => oid))}::oid[]) o (oid)
        union all
        select part.root, h.inhrelid from part join pg_inherits h on h.inhparent = part.oid
      )
      select part.root::text as root, c.oid::text as oid, c.relname::text as name from part join pg_class c on c.oid = part.oid where ${chosen}`;

/** The index of a name, with or without its schema; without a name the largest of the tables that captured statements read. */
async function indexesOf(ask: Ask, wanted: string, tables: string[]): Promise<NamedIndex[]> {
  const named = wanted === '' ? null : await ask<{ oid: string; tab: string }>(sql`
      select i.oid::text as oid, x.indrelid::text as tab from pg_class i join pg_namespace n on n.oid = i.relnamespace join pg_index x on x.indexrelid = i.oid
      where ${wanted}::text in (i.relname::text, quote_ident(i.relname), format('%I.%I', n.nspname, i.relname), n.nspname || '.' || i.relname)`);
  const asked = named?.map(({ tab }) => tab) ?? tables;
  const found = asked.length === 0 ? [] : await indexFacts(ask, sql`select distinct o.oid as indrelid from unnest(${array(asked)}::oid[]) o (oid)`);
  const matching = found.filter(({ oid, usable, attached }) => usable && (named === null ? !attached : named.some((one) => one.oid === oid)));
  return matching.toSorted((a, b) => b.pagesBytes - a.pagesBytes).slice(0, mostIndexes);
}

/** Of thousands of parts only those that plans name are asked for. */
async function rehearsed(ask: Ask, indexes: NamedIndex[], planned: Planned[]): Promise<Rehearsed[]> {
  const named = [...new Set(planned.flatMap(({ before }) => nodesOf(before).map(indexNameOf)))];
  const parts = named.length === 0 ? [] : await ask<Part>(partsSql(indexes, sql`c.relname = any (${array(named)}::text[])`));
  const sizes = await ask<{ oid: string; bytes: number | null }>(sql`select l.oid, l.size_bytes as bytes from (${late.sql(sql`select o.oid from unnest(${array(indexes.map(({ oid }) => oid))}::text[]) o (oid)`)}) l`);
  return indexes.map((index) => ({ ...index, read: new Set(parts.flatMap(({ root, name }) => (root === index.oid ? [name] : []))), size: sizes.find(({ oid }) => oid === index.oid)?.bytes ?? null }));
}

type Planned = { captured: Captured; text: string; before: PlanJson; after: Map<string, number> };

/** HypoPG can make the planner of this session overlook an index from 1.4 on. */
function hideable(server: ServerFacts): string | null {
  const installed = server.extensions.get('hypopg');
  const [major = 0, minor = 0] = (installed?.version ?? '').split('.').map(Number);
  return installed && (major > 1 || minor >= 4) ? installed.schema : null;
}

const indexNameOf = (node: PlanJson): string => String(node['Index Name'] ?? '');

const reads = (plan: PlanJson, names: ReadonlySet<string>): boolean => nodesOf(plan).some((node) => names.has(indexNameOf(node)));

export async function planAll(statements: Read[], planner: Planner): Promise<{ planned: Planned[]; unjudged: number; deadline: number }> {
  const planned: Planned[] = [];
  let unjudged = 0;
  await admitAll(statements, planner);
  const deadline = performance.now() + budgetMs;
  for (const { captured, text } of statements) {
    const result = performance.now() > deadline ? null : await planner.plan(text, captured.searchPath);
    if (result && 'plan' in result) planned.push({ captured, text, before: result.plan, after: new Map() });
    else unjudged += 1;
  }
  return { planned, unjudged, deadline };
}

/** The cost of each statement that reads the index, with the planner blind to it. */
async function hide(ask: Ask, planner: Planner, schema: string, index: Rehearsed, planned: Planned[]): Promise<void> {
  const readers = planned.filter(({ before }) => reads(before, index.read));
  if (readers.length === 0) return;
  const parts = await ask<Part>(partsSql([index], sql`true`));
  const names = new Set(parts.map(({ name }) => name));
  try {
    for (const { oid } of parts) await planner.attempt(() => ask(sql`select ${ident(schema, 'hypopg_hide_index')}(${oid}::oid)`));
    for (const one of readers) {
      const result = await planner.plan(one.text, one.captured.searchPath);
      if ('plan' in result && !reads(result.plan, names)) one.after.set(index.oid, costOf(result.plan));
    }
  } finally {
    await planner.attempt(() => ask(sql`select ${ident(schema, 'hypopg_unhide_all_indexes')}()`));
  }
}

const constraints = { p: 'a primary key', u: 'a unique constraint', x: 'an exclusion constraint' };

/** What the index does that no plan shows. */
function duties(index: NamedIndex): string {
  const own = index.constraint ? [`It enforces ${constraints[index.constraint]}, and goes only with that`] : index.unique ? ['It enforces uniqueness, which nothing would after the drop'] : [];
  const more = [...(index.referenced ? ['foreign keys refer to it'] : []), ...(index.replicaIdentity ? ['it is the replica identity'] : []), ...(index.clustered ? ['the table is clustered by it'] : []), ...(index.attached ? ['it is part of the index of a partitioned table and cannot be dropped alone'] : [])];
  const all = [...own, ...more];
  return all.length === 0 ? '' : ` ${all.map((text, at) => (at === 0 ? text[0]?.toUpperCase() + text.slice(1) : text)).join('; ')}.`;
}

export const counted = (count: number): string => (count === 1 ? 'one captured statement' : `${formatCount(count)} captured statements`);

function rowOf(index: Rehearsed, planned: Planned[], unjudged: number, proves: boolean): RehearsalRow {
  const users = planned.filter(({ before }) => reads(before, index.read));
  const losses = users.map((one) => ({ one, before: costOf(one.before), after: one.after.get(index.oid) ?? null }));
  const worse = losses.filter(({ before, after }) => after !== null && after > before * (1 + leastLoss)).toSorted((a, b) => ((b.after ?? 0) - b.before) * b.one.captured.calls - ((a.after ?? 0) - a.before) * a.one.captured.calls);
  const verdict = users.length === 0 ? 'no plan reads it' : !proves || losses.some(({ after }) => after === null) ? 'read' : worse.length > 0 ? 'worse' : 'no worse';
  const shown = worse[0] ?? losses[0];
  const unknown = unjudged > 0 ? ` ${unjudged === 1 ? 'One statement was' : `${formatCount(unjudged)} statements were`} not planned, of which nothing is known.` : '';
  return {
    index: index.name, table: index.tableName, verdict, because: `${becauseOf(index, verdict, users, worse.length)}${duties(index)}${unknown}`, statements: verdict === 'worse' ? worse.length : users.length,
    query: shown?.one.captured.query ?? null, cost_before: shown?.before ?? null, cost_after: shown?.after ?? null, size_bytes: index.size, planned: planned.length, unjudged, queryids: (verdict === 'worse' ? worse.map(({ one }) => one) : users).map(({ captured }) => captured.queryid).join(' '), oid: index.oid,
  };
}

function becauseOf(index: Rehearsed, verdict: string, users: Planned[], worse: number): string {
  if (verdict === 'no plan reads it') return 'The plans of the captured statements do not read it: they stay as they are without it.';
  if (verdict === 'worse') return `Without it the plans of ${counted(worse)} cost at least a tenth more.`;
  if (verdict === 'no worse') return `${counted(users.length)} read it, and other plans cost about the same.`.replace(/^./, (first) => first.toUpperCase());
  return `The plans of ${counted(users.length)} read it today. What they would do without it is not proved: that needs HypoPG 1.4 or newer.`;
}

/** Other indexes that begin with the same column: they may take over. */
function successors(index: Rehearsed, all: NamedIndex[]): string {
  const others = all.filter((other) => other.oid !== index.oid && other.table === index.table && other.usable && other.method === index.method && other.predicate === null && other.keys[0]?.of === index.keys[0]?.of);
  return others.length === 0 ? ' No other index begins with its first column.' : ` ${others.map(({ name }) => name).slice(0, 3).join(', ')} ${others.length === 1 ? 'begins' : 'begin'} with the same column and may take over.`;
}

export async function rehearse(ask: Ask, server: ServerFacts, planner: Planner, { index: wanted, most }: { index: string; most: number }): Promise<RehearsalRow[]> {
  const captured = await capturedStatements(ask, server, { queryid: '', most });
  const { reads: statements, unknown, relations } = captured.length === 0 ? { reads: [], unknown: [], relations: null } : await readStatements(ask, captured);
  const tables = (relations?.all ?? []).filter((facts) => !isSystem(facts));
  const found = await indexesOf(ask, wanted, tables.map(({ oid }) => oid));
  if (found.length === 0) return [];
  // What an INSERT writes is read by no plan.
  const touching = statements.filter(({ shape }) => shape.relations.some(({ known, role, query, schema }) => known && !isSystem({ schema: schema ?? '' }) && (role === 'read' || shape.queries[query]?.kind !== 'insert')));
  const hypopg = server.extensions.get('hypopg');
  // Hypothetical indexes that an earlier question left would be read instead.
  if (hypopg) await planner.attempt(() => ask(sql`select ${ident(hypopg.schema, 'hypopg_reset')}()`));
  const { planned, unjudged, deadline } = await planAll(touching, planner);
  const indexes = await rehearsed(ask, found, planned);
  const schema = hideable(server);
  if (schema !== null) for (const index of indexes) if (performance.now() < deadline) await hide(ask, planner, schema, index, planned);
  const all = [...tables.flatMap(({ indexes: own }) => own), ...indexes];
  return indexes.map((index) => {
    const row = rowOf(index, planned, unjudged + unknown.length, schema !== null);
    return row.verdict === 'read' ? { ...row, because: row.because + successors(index, all) } : row;
  });
}
