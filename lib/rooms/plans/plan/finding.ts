import type { Finding } from '@/lib/kit/finding';
import type { Plan, PlanNode } from './node';

export type PlanFinding = Finding & { node: number | null };

export const planCodes: Record<string, string> = {
  'plans.seq_scan': 'A large table is read as a whole for few of its rows.',
  'plans.filtered': 'An index leads to many rows that a filter then throws away.',
  'plans.misestimate': 'The planner expected a number of rows that is far from what came.',
  'plans.nested_loop': 'A nested loop was chosen for few rows, and many came.',
  'plans.sort_spill': 'A sort did not fit work_mem and went to disk.',
  'plans.hash_batches': 'A hash did not fit its memory and was split into batches on disk.',
  'plans.aggregate_spill': 'A hashed aggregate did not fit its memory and went to disk.',
  'plans.materialized_spill': 'An intermediate result did not fit work_mem and went to disk.',
  'plans.lossy_bitmap': 'A bitmap kept pages instead of rows, so that every row of them is checked again.',
  'plans.heap_fetches': 'An index-only scan had to look into the table for most rows.',
  'plans.correlated': 'A subquery runs anew for each row.',
  'plans.workers': 'Fewer parallel workers ran than were planned.',
  'plans.jit': 'Compiling took a large part of the time.',
  'plans.triggers': 'Triggers took a large part of the time.',
  'plans.planning': 'Planning took longer than running.',
  'plans.partitions': 'Many partitions are read.',
};

const words = (node: PlanNode): string => `${node.type}${node.on ? ` ${node.on}` : ''}`;

export const findingAt = (node: PlanNode, finding: Omit<Finding, 'about'>): PlanFinding => ({ ...finding, about: words(node), node: node.id });

/** Whether a node's own time matters to the whole; without times, everything may. */
export function weighs(plan: Plan, node: PlanNode, least = 0.02): boolean {
  const own = node.actual?.exclusiveMs ?? null;
  const whole = plan.executionMs ?? plan.root.actual?.inclusiveMs ?? null;
  return own === null || whole === null || whole === 0 ? true : own / whole >= least;
}

/** A name as SQL needs it: in quotes only where it has to be. */
const quoted = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`);

const reserved = new Set(['all', 'analyse', 'analyze', 'and', 'array', 'as', 'asc', 'case', 'cast', 'check', 'column', 'constraint', 'create', 'default', 'desc', 'distinct', 'do', 'else', 'end', 'except', 'false', 'fetch', 'for', 'foreign', 'from', 'grant', 'group', 'having', 'in', 'into', 'limit', 'not', 'null', 'offset', 'on', 'only', 'or', 'order', 'primary', 'references', 'select', 'table', 'then', 'to', 'true', 'union', 'unique', 'user', 'using', 'when', 'where', 'window', 'with']);

export const tableOf = ({ schema, name }: { schema: string | null; name: string }): string => [...(schema === null ? [] : [schema]), name].map(quoted).join('.');
