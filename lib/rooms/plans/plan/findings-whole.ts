import { formatCount, formatMs, formatRatio } from '@/lib/units';
import { findingAt, type PlanFinding } from './finding';
import type { Plan } from './node';

const least = 0.2;

/** What concerns the statement rather than one node. */
export function wholeFindings(plan: Plan): PlanFinding[] {
  return [jit(plan), triggers(plan), planning(plan), partitions(plan)].filter((finding) => finding !== null);
}

function jit({ jit: compiled, executionMs }: Plan): PlanFinding | null {
  if (!compiled || compiled.ms === null || !executionMs || compiled.ms < 50 || compiled.ms / executionMs < least) return null;
  const share = compiled.ms / executionMs;
  return {
    code: 'plans.jit', severity: 'warning', about: 'JIT', node: null,
    says: `Compiling ${formatCount(compiled.functions)} functions took ${formatMs(compiled.ms)}, ${formatRatio(share)} of the time. The estimated cost is above jit_above_cost, which tells little about how often an expression runs.`,
    evidence: { jit_ms: compiled.ms, share_ratio: share, functions: compiled.functions },
    remedy: { sql: "-- for this role, or for one transaction with SET LOCAL\nALTER ROLE <role> SET jit = off;" },
  };
}

function triggers({ triggers: all, executionMs }: Plan): PlanFinding | null {
  const ms = all.reduce((sum, trigger) => sum + (trigger.ms ?? 0), 0);
  if (!executionMs || ms < 10 || ms / executionMs < least) return null;
  const [worst] = all.toSorted((a, b) => (b.ms ?? 0) - (a.ms ?? 0));
  return {
    code: 'plans.triggers', severity: 'warning', about: worst?.name ?? 'triggers', node: null,
    says: `Triggers took ${formatMs(ms)}, ${formatRatio(ms / executionMs)} of the time, most of it ${worst?.name ?? ''} (${formatCount(worst?.calls ?? 0)} calls). One of a foreign key is slow where the referencing columns have no index.`,
    evidence: { trigger_ms: ms, share_ratio: ms / executionMs, calls: worst?.calls ?? 0 }, remedy: null,
  };
}

function planning({ planningMs, executionMs, nodes }: Plan): PlanFinding | null {
  if (planningMs === null || executionMs === null || planningMs < 10 || planningMs < executionMs) return null;
  return {
    code: 'plans.planning', severity: 'info', about: 'planning', node: null,
    says: `Planning took ${formatMs(planningMs)} and running ${formatMs(executionMs)}. A prepared statement plans once; many partitions, indexes or joins make planning slow, and so does the first plan of a new connection.`,
    evidence: { planning_ms: planningMs, execution_ms: executionMs, nodes: nodes.length }, remedy: null,
  };
}

function partitions({ nodes }: Plan): PlanFinding | null {
  const append = nodes.find(({ type, children }) => type.endsWith('Append') && children.filter(({ relation }) => relation !== null).length >= 12);
  if (!append) return null;
  const read = append.children.filter(({ actual }) => !actual || actual.loops > 0).length;
  if (read < 12) return null;
  return findingAt(append, { code: 'plans.partitions', severity: 'info', says: `${formatCount(read)} partitions or branches are read. A condition on the partition key leaves out those that cannot match; a generic plan leaves them out only when it runs.`, evidence: { branches: append.children.length, read }, remedy: null });
}
