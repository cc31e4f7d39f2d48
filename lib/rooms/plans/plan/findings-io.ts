import { formatBytes, formatCount } from '@/lib/units';
import { findingAt, tableOf, weighs, type PlanFinding } from './finding';
import { isRecord, list, number, text, type Plan, type PlanNode } from './node';

const kb = 1024;

/** Memory, disk and visibility: what only a plan that ran can tell. */
export function ioFindings(plan: Plan, node: PlanNode): PlanFinding[] {
  if (!node.actual || node.actual.loops === 0) return [];
  return [sortSpill(node), hashBatches(node), aggregateSpill(node), storageSpill(node), lossyBitmap(node), heapFetches(plan, node), correlated(plan, node), workers(node)].filter((finding) => finding !== null);
}

const own = (node: PlanNode) => ({ own_ms: node.actual?.exclusiveMs ?? null });

/** More memory for this statement alone: the setting is for each sort and hash of each process. */
function workMem(bytes: number): { sql: string } {
  const megabytes = Math.max(8, 2 ** Math.ceil(Math.log2((bytes * 2.5) / (kb * kb))));
  return { sql: `-- for this statement alone: each sort and each hash of each process may take that much\nBEGIN;\nSET LOCAL work_mem = '${megabytes}MB';\n-- the statement\nCOMMIT;` };
}

/** A sort in workers reports each of them. */
function sortKb(node: PlanNode): number {
  const spaces = [node.fields, ...list(node.fields['Workers']).filter(isRecord)];
  return Math.max(0, ...spaces.map((space) => (space['Sort Space Type'] === 'Disk' ? (number(space['Sort Space Used']) ?? 0) : 0)));
}

function incrementalKb(node: PlanNode): number {
  const groups = [node.fields['Full-sort Groups'], node.fields['Pre-sorted Groups']].filter(isRecord).map((group) => group['Sort Space Disk']).filter(isRecord);
  return Math.max(0, ...groups.map((group) => number(group['Peak Sort Space Used']) ?? 0));
}

function sortSpill(node: PlanNode): PlanFinding | null {
  const bytes = Math.max(sortKb(node), incrementalKb(node)) * kb;
  if (bytes === 0) return null;
  const keys = list(node.fields['Sort Key']).join(', ');
  return findingAt(node, { code: 'plans.sort_spill', severity: 'warning', says: `The sort by ${keys} wrote ${formatBytes(bytes)} to disk. An index in that order saves the sort; more work_mem keeps it in memory.`, evidence: { disk_bytes: bytes, ...own(node) }, remedy: workMem(bytes) });
}

function hashBatches(node: PlanNode): PlanFinding | null {
  const batches = number(node.fields['Hash Batches']) ?? 1;
  if (batches <= 1) return null;
  const [memory, planned] = [(number(node.fields['Peak Memory Usage']) ?? 0) * kb, number(node.fields['Original Hash Batches']) ?? batches];
  const surprise = planned < batches ? ` Planned were ${formatCount(planned)}: more rows came than were expected.` : '';
  return findingAt(node, { code: 'plans.hash_batches', severity: 'warning', says: `The hash table was split into ${formatCount(batches)} batches, all but one of which went through disk.${surprise}`, evidence: { batches, planned_batches: planned, memory_bytes: memory, ...own(node) }, remedy: workMem(memory * batches) });
}

function aggregateSpill(node: PlanNode): PlanFinding | null {
  const disk = Math.max(0, ...[node.fields, ...list(node.fields['Workers']).filter(isRecord)].map((part) => number(part['Disk Usage']) ?? 0)) * kb;
  if (disk === 0) return null;
  return findingAt(node, { code: 'plans.aggregate_spill', severity: 'warning', says: `The groups did not fit their memory: ${formatBytes(disk)} went to disk.`, evidence: { disk_bytes: disk, ...own(node) }, remedy: workMem(disk) });
}

/** From 18 on. */
function storageSpill(node: PlanNode): PlanFinding | null {
  if (node.fields['Storage'] !== 'Disk') return null;
  const bytes = (number(node.fields['Maximum Storage']) ?? 0) * kb;
  return findingAt(node, { code: 'plans.materialized_spill', severity: 'info', says: `The intermediate result took ${formatBytes(bytes)} on disk.`, evidence: { disk_bytes: bytes, ...own(node) }, remedy: workMem(bytes) });
}

function lossyBitmap(node: PlanNode): PlanFinding | null {
  const lossy = number(node.fields['Lossy Heap Blocks']) ?? 0;
  if (lossy === 0) return null;
  const exact = number(node.fields['Exact Heap Blocks']) ?? 0;
  const rechecked = (number(node.fields['Rows Removed by Index Recheck']) ?? 0) * (node.actual?.loops ?? 1);
  return findingAt(node, { code: 'plans.lossy_bitmap', severity: 'info', says: `The bitmap outgrew work_mem and kept ${formatCount(lossy)} whole pages, in which every row was checked again; ${formatCount(Math.round(rechecked))} rows were in vain.`, evidence: { lossy_blocks: lossy, exact_blocks: exact, rechecked_rows: Math.round(rechecked), ...own(node) }, remedy: workMem((lossy + exact) * 64) });
}

function heapFetches(plan: Plan, node: PlanNode): PlanFinding | null {
  const fetches = number(node.fields['Heap Fetches']) ?? 0;
  const rows = node.actual?.rows ?? 0;
  if (fetches < 1000 || fetches < rows * 0.2 || !weighs(plan, node)) return null;
  const { relation } = node;
  const table = relation && tableOf(relation);
  return findingAt(node, { code: 'plans.heap_fetches', severity: 'info', says: `The index holds all columns, and yet the table was looked into ${formatCount(fetches)} times: its visibility map is behind. VACUUM brings it up to date; it reads what changed since the last one, without blocking reads or writes.`, evidence: { heap_fetches: fetches, row_count: Math.round(rows), ...own(node) }, remedy: table ? { sql: `VACUUM ${table};` } : null });
}

function correlated(plan: Plan, node: PlanNode): PlanFinding | null {
  if (node.relationship !== 'SubPlan' || /hashed/i.test(node.subplan ?? '')) return null;
  const loops = node.actual?.loops ?? 0;
  const [ms, whole] = [node.actual?.inclusiveMs ?? null, plan.executionMs];
  if (loops < 1000 || (ms !== null && whole !== null && ms < whole * 0.1)) return null;
  return findingAt(node, { code: 'plans.correlated', severity: 'warning', says: `${node.subplan ?? 'The subquery'} ran ${formatCount(loops)} times, once for each row of the query around it. As a join, or with an index on what it looks up, it runs once or quickly.`, evidence: { loops, inclusive_ms: ms, ...own(node) }, remedy: null });
}

function workers(node: PlanNode): PlanFinding | null {
  const [planned, launched] = [number(node.fields['Workers Planned']), number(node.fields['Workers Launched'])];
  if (planned === null || launched === null || launched >= planned * Math.max(1, node.actual?.loops ?? 1) || launched >= planned) return null;
  return findingAt(node, { code: 'plans.workers', severity: 'info', says: `${planned} parallel workers were planned and ${launched} ran: the others of max_parallel_workers were taken.`, evidence: { planned, launched, ...own(node) }, remedy: text(node.fields['Node Type']) ? { sql: 'SHOW max_parallel_workers;\nSHOW max_worker_processes;' } : null });
}
