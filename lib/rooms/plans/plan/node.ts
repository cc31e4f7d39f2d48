/** One node of a plan, with what was measured and what follows from it. Times are milliseconds of the clock, not of all processes together. */
export type PlanNode = {
  /** Place in the plan, from 1, as the tree is read. */
  id: number;
  type: string;
  /** `on orders o using orders_pkey`: what the node works on. */
  on: string;
  relation: { schema: string | null; name: string } | null;
  /** How the parent uses it: Outer, Inner, InitPlan, SubPlan, Member, Subquery. */
  relationship: string | null;
  subplan: string | null;
  depth: number;
  children: PlanNode[];
  startupCost: number;
  totalCost: number;
  planRows: number;
  width: number;
  /** Null without ANALYZE. */
  actual: Actual | null;
  /** Actual rows a loop against planned ones, 1 for right, 10 for ten times too few planned, 0.1 for ten times too many; null where that says nothing. */
  misestimate: number | null;
  fields: Record<string, unknown>;
};

export type Actual = {
  loops: number;
  rowsPerLoop: number;
  /** Over all loops and processes. */
  rows: number;
  /** Null with TIMING off. */
  inclusiveMs: number | null;
  exclusiveMs: number | null;
  /** Processes that ran it at once. */
  processes: number;
};

export type Plan = {
  root: PlanNode;
  nodes: PlanNode[];
  analyzed: boolean;
  planningMs: number | null;
  executionMs: number | null;
  triggers: { name: string; calls: number; ms: number | null }[];
  jit: { functions: number; ms: number | null } | null;
  settings: Record<string, string>;
  /** The statement, where the JSON holds it (auto_explain). */
  statement: string | null;
};

export const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
