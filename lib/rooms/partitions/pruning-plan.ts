import type { Ask } from '@/lib/kit/diagnostic';
import type { PlanJson, Planner } from '@/lib/kit/planner';
import { plannable } from '@/lib/pg/plannable';
import { sql } from '@/lib/pg/sql';
import type { Keyed } from './pruning-tree';

/** To plan over many partitions takes the server milliseconds: the costliest statements alone, and not for long. */
const mostPlanned = 20;
const budgetMs = 1000;

/** What the planner says: its plan reads every partition, or it does not, or why it was not asked. */
export const verdicts = { confirmed: 'reads all', denied: 'reads fewer' } as const;

type Asked = { query: string; table: Keyed; searchPath: string[] };

/** Asks the planner about one statement after the other, as long as there is time. Nothing is run. */
export function confirming(ask: Ask, planner: Planner): (asked: Asked) => Promise<string> {
  const deadline = performance.now() + budgetMs;
  const leaves = new Map<string, Set<string>>();
  let planned = 0;
  return async ({ query, table, searchPath }) => {
    if (!table.lockable) return 'not asked: planning would lock too many partitions and indexes at once';
    if (planned >= mostPlanned || performance.now() > deadline) return `not asked: the ${mostPlanned} costliest are, within ${budgetMs / 1000} s`;
    const readable = await plannable(query);
    if (!readable) return 'not asked: its captured text cannot be planned';
    planned += 1;
    const result = await planner.plan(readable.text, searchPath);
    if ('refused' in result) return `not asked: ${result.refused.says}`;
    const names = leaves.get(table.id) ?? (await leafNames(ask, table));
    leaves.set(table.id, names);
    const read = new Set(relationsIn(result.plan).filter((name) => names.has(name)));
    return read.size >= names.size ? verdicts.confirmed : verdicts.denied;
  };
}

async function leafNames(ask: Ask, { id }: Keyed): Promise<Set<string>> {
  const found = await ask<{ name: string }>(sql`
      with recursive part(oid) as (
        select ${id}::oid union all select i.inhrelid from part join pg_inherits i on i.inhparent = part.oid
      )
      select c.relname::text as name from part join pg_class c on c.oid = part.oid and c.relkind in ('r', 'f')`);
  return new Set(found.map(({ name }) => name));
}

/** EXPLAIN names relations without their schema. */
const relationsIn = (plan: PlanJson): string[] => {
  const below = Array.isArray(plan['Plans']) ? (plan['Plans'] as PlanJson[]) : [];
  return [...(typeof plan['Relation Name'] === 'string' ? [plan['Relation Name']] : []), ...below.flatMap(relationsIn)];
};
