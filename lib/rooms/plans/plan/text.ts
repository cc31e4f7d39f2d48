import { isRecord, list, type Plan, type PlanNode } from './node';

const shown: [field: string, label: string][] = [
  ['Output', 'Output'], ['Sort Key', 'Sort Key'], ['Presorted Key', 'Presorted Key'], ['Group Key', 'Group Key'], ['Hash Cond', 'Hash Cond'], ['Merge Cond', 'Merge Cond'], ['Index Cond', 'Index Cond'], ['Recheck Cond', 'Recheck Cond'],
  ['TID Cond', 'TID Cond'], ['Order By', 'Order By'], ['Join Filter', 'Join Filter'], ['One-Time Filter', 'One-Time Filter'], ['Filter', 'Filter'], ['Cache Key', 'Cache Key'],
  ['Rows Removed by Filter', 'Rows Removed by Filter'], ['Rows Removed by Join Filter', 'Rows Removed by Join Filter'], ['Rows Removed by Index Recheck', 'Rows Removed by Index Recheck'], ['Heap Fetches', 'Heap Fetches'],
  ['Workers Planned', 'Workers Planned'], ['Workers Launched', 'Workers Launched'], ['Subplans Removed', 'Subplans Removed'],
];

/** The plan in the manner of EXPLAIN's text form, from its JSON. Without the buffers of each node, which the JSON tab has. */
export function planText(plan: Plan): string {
  const lines = linesOf(plan.root, 0);
  if (plan.planningMs !== null) lines.push(`Planning Time: ${plan.planningMs.toFixed(3)} ms`);
  for (const { name, calls, ms } of plan.triggers) lines.push(`Trigger ${name}: ${ms === null ? '' : `time=${ms.toFixed(3)} `}calls=${calls}`);
  if (plan.jit) lines.push(`JIT: ${plan.jit.functions} functions${plan.jit.ms === null ? '' : `, ${plan.jit.ms.toFixed(3)} ms`}`);
  if (plan.executionMs !== null) lines.push(`Execution Time: ${plan.executionMs.toFixed(3)} ms`);
  return lines.join('\n');
}

function linesOf(node: PlanNode, indent: number): string[] {
  const pad = ' '.repeat(indent);
  const arrow = node.depth === 0 ? '' : '->  ';
  const below = `${pad}${node.depth === 0 ? '  ' : '      '}`;
  const heading = node.subplan ? [`${pad}${node.subplan}`] : [];
  const at = node.subplan ? `${pad}  ` : pad;
  return [
    ...heading,
    `${at}${arrow}${node.type}${node.on ? ` ${node.on}` : ''}  (cost=${node.startupCost.toFixed(2)}..${node.totalCost.toFixed(2)} rows=${node.planRows} width=${node.width})${actualOf(node)}`,
    ...shown.flatMap(([field, label]) => fieldLine(node, field, `${below}${label}: `)),
    ...sortLine(node, below),
    ...hashLine(node, below),
    ...node.children.flatMap((child) => linesOf(child, indent + (node.depth === 0 ? 2 : 6) + (node.subplan ? 2 : 0))),
  ];
}

function actualOf({ actual, fields }: PlanNode): string {
  if (!actual) return '';
  if (actual.loops === 0) return ' (never executed)';
  const [first, last] = [fields['Actual Startup Time'], fields['Actual Total Time']];
  const time = typeof first === 'number' && typeof last === 'number' ? `time=${first.toFixed(3)}..${last.toFixed(3)} ` : '';
  return ` (actual ${time}rows=${actual.rowsPerLoop} loops=${actual.loops})`;
}

function fieldLine({ fields }: PlanNode, field: string, start: string): string[] {
  const value = fields[field];
  if (value === undefined || value === null || (value === 0 && field.startsWith('Rows Removed'))) return [];
  return [start + (Array.isArray(value) ? value.join(', ') : String(value))];
}

function sortLine({ fields }: PlanNode, below: string): string[] {
  const spaces = [fields, ...list(fields['Workers']).filter(isRecord)].filter((space) => space['Sort Method'] !== undefined);
  return spaces.map((space) => `${below}Sort Method: ${String(space['Sort Method'])}  ${String(space['Sort Space Type'])}: ${String(space['Sort Space Used'])}kB`);
}

function hashLine({ fields }: PlanNode, below: string): string[] {
  if (fields['Hash Buckets'] === undefined) return [];
  return [`${below}Buckets: ${String(fields['Hash Buckets'])}  Batches: ${String(fields['Hash Batches'])}  Memory Usage: ${String(fields['Peak Memory Usage'])}kB`];
}
