import type { Figures, Measuring } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { sql } from '@/lib/pg/sql';
import { costOf } from './advice-hypothetical';
import { readStatements } from './advice-read';
import { capturedStatements } from './advice-workload';
import { planAll } from './rehearsal';

const mostStatements = 50;

/**
 * What the planner expects a call of the captured statements that read the table to cost, in its own unit, each by how often it was called; null where none is known. It is there to
 * be held against itself later.
 */
async function planCost(ask: Ask, { server, planner }: Measuring, table: string): Promise<number | null> {
  if (!server.extensions.has('pg_stat_statements') || !server.settings.has('pg_stat_statements.max')) return null;
  const captured = await capturedStatements(ask, server, { queryid: '', most: mostStatements });
  if (captured.length === 0) return null;
  const { reads, relations } = await readStatements(ask, captured);
  const reading = reads.filter(({ captured: one, shape }) => shape.relations.some(({ schema, name }) => relations.find({ schema, name }, one.searchPath)?.oid === table));
  const { planned } = await planAll(reading, planner);
  const calls = planned.reduce((sum, { captured: one }) => sum + one.calls, 0);
  return calls === 0 ? null : planned.reduce((sum, { captured: one, before }) => sum + costOf(before) * one.calls, 0) / calls;
}

type Standing = { size_bytes: number | null; scans: number | null; parts: number };

/** An index with its parts, by name: it may not be there, or be another one than before. */
export async function standingOf(ask: Ask, { schema, rel }: { schema: string; rel: string }): Promise<Standing> {
  const [found] = await ask<Standing>(sql`
    select sum(pg_relation_size(t.oid))::float8 as size_bytes, sum(pg_stat_get_numscans(t.oid))::float8 as scans, count(*)::int as parts from (
      select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${schema} and c.relname = ${rel} and c.relkind = 'i'
      union all select t.relid from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral pg_partition_tree(c.oid) t where n.nspname = ${schema} and c.relname = ${rel} and c.relkind = 'I' and t.isleaf) t`);
  return found ?? { size_bytes: null, scans: null, parts: 0 };
}

/** What tells whether making or dropping it has paid off. */
export async function indexFigures(ask: Ask, { schema, rel, table }: { schema: string; rel: string; table: string | null }, measuring: Measuring): Promise<Figures & { parts: number }> {
  const { size_bytes, scans, parts } = await standingOf(ask, { schema, rel });
  return { size_bytes, scans, mean_plan_cost: table === null ? null : await planCost(ask, measuring, table), parts };
}
