import { formatBytes, formatCount } from '@/lib/units';
import { ioFindings } from './findings-io';
import { wholeFindings } from './findings-whole';
import { misestimateStep } from './estimates';
import { findingAt, tableOf, weighs, type PlanFinding } from './finding';
import { number, text, type Plan, type PlanNode } from './node';

/** What the catalog knows of a table in the plan, where the plan was made here. */
export type TableFacts = { schema: string; name: string; /** Null where it was never analysed. */ rows: number | null; bytes: number };

/** What stands out in a plan, the worst first. */
export function findingsOf(plan: Plan, tables: readonly TableFacts[] = []): PlanFinding[] {
  const found = plan.nodes.flatMap((node) => [...scanFindings(plan, node, tables), ...estimateFindings(plan, node), ...ioFindings(plan, node)]);
  const rank = { critical: 0, warning: 1, info: 2 };
  return [...found, ...wholeFindings(plan)].toSorted((a, b) => rank[a.severity] - rank[b.severity] || (number(b.evidence['own_ms']) ?? 0) - (number(a.evidence['own_ms']) ?? 0));
}

const bigRows = 10_000;

function scanFindings(plan: Plan, node: PlanNode, tables: readonly TableFacts[]): PlanFinding[] {
  const kind = text(node.fields['Node Type']) ?? '';
  const filter = text(node.fields['Filter']);
  if (!filter || !kind.endsWith('Scan')) return [];
  const { actual } = node;
  if (!actual) return kind === 'Seq Scan' ? plannedScan(node, filter, tables) : [];
  const removed = (number(node.fields['Rows Removed by Filter']) ?? 0) * actual.loops;
  const read = removed + actual.rows;
  if (removed < bigRows || actual.rows > read * 0.1 || !weighs(plan, node)) return [];
  const evidence = { read_rows: Math.round(read), kept_rows: Math.round(actual.rows), own_ms: actual.exclusiveMs, filter };
  if (kind === 'Seq Scan') {
    return [findingAt(node, { code: 'plans.seq_scan', severity: 'warning', says: `Reads ${formatCount(Math.round(read))} rows to keep ${formatCount(Math.round(actual.rows))}. An index on the columns of the filter would lead to these alone.`, evidence, remedy: indexHint(node, filter) })];
  }
  return [findingAt(node, { code: 'plans.filtered', severity: 'info', says: `The index leads to ${formatCount(Math.round(read))} rows, and the filter keeps ${formatCount(Math.round(actual.rows))} of them. An index that holds the filtered columns too, or a partial one, reads fewer.`, evidence, remedy: indexHint(node, filter) })];
}

function plannedScan(node: PlanNode, filter: string, tables: readonly TableFacts[]): PlanFinding[] {
  const table = tables.find(({ schema, name }) => name === node.relation?.name && (node.relation.schema === null || node.relation.schema === schema));
  if (!table || table.rows === null || table.rows < bigRows || node.planRows > table.rows * 0.05) return [];
  return [findingAt(node, {
    code: 'plans.seq_scan', severity: 'warning',
    says: `Would read all of about ${formatCount(Math.round(table.rows))} rows (${formatBytes(table.bytes)}) and expects to keep ${formatCount(node.planRows)}. An index on the columns of the filter would lead to these alone.`,
    evidence: { table_rows: Math.round(table.rows), table_bytes: table.bytes, planned_rows: node.planRows, filter }, remedy: indexHint(node, filter),
  })];
}

/** The filter as PostgreSQL prints it: which of its columns should be in the index is for a person to say. */
function indexHint({ relation }: PlanNode, filter: string): { sql: string } | null {
  if (!relation) return null;
  const table = tableOf(relation);
  return { sql: `-- columns compared with = first, then the one compared by range; this takes time and disk on a large table\n-- filter: ${filter.replaceAll('\n', ' ').slice(0, 300)}\nCREATE INDEX CONCURRENTLY ON ${table} (<columns of the filter>);` };
}

function estimateFindings(plan: Plan, node: PlanNode): PlanFinding[] {
  const { actual } = node;
  const step = misestimateStep(node.misestimate);
  if (!actual || step === 0 || node.misestimate === null) return [];
  const many = Math.max(actual.rowsPerLoop, node.planRows) >= 100;
  const times = formatCount(Math.round(Math.max(node.misestimate, 1 / node.misestimate)));
  const evidence = { planned_rows: node.planRows, actual_rows: actual.rowsPerLoop, loops: actual.loops, own_ms: actual.exclusiveMs };
  const found: PlanFinding[] = [];
  if (node.type === 'Nested Loop' && node.misestimate >= 10 && actual.rows >= 1000) {
    found.push(findingAt(node, { code: 'plans.nested_loop', severity: 'warning', says: `A nested loop pays for few rows: ${formatCount(node.planRows)} were planned and ${formatCount(actual.rowsPerLoop)} came. With a right estimate a hash or merge join would have been considered.`, evidence, remedy: analyze(node) }));
  } else if (many && (step >= 2 || weighs(plan, node)) && isLowest(node)) {
    const way = node.misestimate > 1 ? 'more' : 'fewer';
    found.push(findingAt(node, { code: 'plans.misestimate', severity: step >= 2 ? 'warning' : 'info', says: `${times} times ${way} rows came than were planned (${formatCount(node.planRows)} planned, ${formatCount(actual.rowsPerLoop)} a loop). Stale statistics, columns that depend on one another, or a condition without statistics are the usual causes.`, evidence, remedy: analyze(node) }));
  }
  return found;
}

/** An error of an estimate travels upwards: only where it begins is it worth a sentence. */
const isLowest = (node: PlanNode): boolean => !node.children.some((child) => misestimateStep(child.misestimate) > 0);

function tablesBelow(node: PlanNode): string[] {
  return [...new Set([...(node.relation ? [tableOf(node.relation)] : []), ...node.children.flatMap(tablesBelow)])];
}

function analyze(node: PlanNode): { sql: string } | null {
  const tables = tablesBelow(node).slice(0, 5);
  if (tables.length === 0) return null;
  const [first] = tables;
  return { sql: `${tables.map((table) => `ANALYZE ${table};`).join('\n')}\n-- where two columns of a condition depend on one another:\n-- CREATE STATISTICS ON <column>, <column> FROM ${first};` };
}
