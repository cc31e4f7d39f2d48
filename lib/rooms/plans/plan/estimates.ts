import type { PlanNode } from './node';

/** These report no rows of their own, whatever they found. */
const countless = new Set(['BitmapAnd', 'BitmapOr', 'Hash', 'Materialize', 'Memoize', 'Gather', 'Gather Merge', 'Insert', 'Update', 'Delete', 'Merge']);

/**
 * Actual rows a loop over planned ones. A node that was stopped early, or that ran never, tells nothing about an estimate
 * that was too high; before PostgreSQL 18 actual rows are rounded, so fewer than one counts as one.
 */
export function misestimate({ type, actual, planRows }: PlanNode, limited: boolean): number | null {
  if (!actual || actual.loops === 0 || countless.has(type)) return null;
  const ratio = Math.max(1, actual.rowsPerLoop) / Math.max(1, planRows);
  return limited && ratio < 1 ? null : ratio;
}

/** 0 for less than ten times off, then 1 (10×), 2 (100×), 3 (1000×). */
export function misestimateStep(ratio: number | null): 0 | 1 | 2 | 3 {
  if (ratio === null) return 0;
  const off = Math.max(ratio, 1 / ratio);
  return off >= 1000 ? 3 : off >= 100 ? 2 : off >= 10 ? 1 : 0;
}
