import { list, text, type PlanNode } from './node';

type Sum = Map<PlanNode, number>;

const inclusive = (node: PlanNode): number => node.actual?.inclusiveMs ?? 0;
const isCte = (node: PlanNode): boolean => node.relationship === 'InitPlan' && (node.subplan?.startsWith('CTE ') ?? false);

/**
 * A node's own time: its inclusive time without that of what it called. A child is called by its parent, but an InitPlan
 * hangs at the top of its query level and is called by the node that first needs its result, and a CTE by the scans that
 * read it: their time lies within those nodes. So the times of all nodes together are the time of the whole.
 */
export function exclusiveTimes(root: PlanNode, nodes: readonly PlanNode[]): void {
  if (nodes.some(({ actual }) => actual === null || actual.inclusiveMs === null)) return;
  const called: Sum = new Map();
  const charge = (node: PlanNode, ms: number) => called.set(node, (called.get(node) ?? 0) + ms);
  for (const node of nodes) for (const child of node.children) if (child.relationship !== 'InitPlan') charge(node, inclusive(child));
  const hanging = nodes.flatMap((parent) => parent.children.filter(({ relationship }) => relationship === 'InitPlan').map((child) => ({ parent, child })));
  // An InitPlan may be what drives a CTE: it is taken from its caller first, or the caller would seem to have driven it.
  for (const ctes of [false, true]) {
    for (const { parent, child } of hanging.filter((one) => isCte(one.child) === ctes)) {
      for (const { node, ms } of callers(child, parent, called)) charge(node, ms);
    }
  }
  for (const node of nodes) if (node.actual) node.actual.exclusiveMs = inclusive(node) - (called.get(node) ?? 0);
}

/** Who pays for an InitPlan or a CTE. Nobody, where a statement in WITH that changes data is read by no scan: it runs after the rest. */
function callers(plan: PlanNode, parent: PlanNode, called: Sum): { node: PlanNode; ms: number }[] {
  const own = (node: PlanNode) => inclusive(node) - (called.get(node) ?? 0);
  if (isCte(plan)) {
    const name = plan.subplan?.slice(4);
    const scans = [...subtree(parent)].filter((node) => node.fields['Node Type'] === 'CTE Scan' && text(node.fields['CTE Name']) === name && (node.actual?.loops ?? 0) > 0);
    return shared(inclusive(plan), scans.toSorted((a, b) => own(b) - own(a)), own);
  }
  const users = usersOf(plan, parent);
  const [first = parent] = users.toSorted((a, b) => own(b) - own(a));
  return [{ node: first, ms: inclusive(plan) }];
}

function* subtree(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.children) yield* subtree(child);
}

/** Each scan drives the CTE as far as it reads: the one that took longest has driven most of it. */
function shared(whole: number, scans: PlanNode[], own: (node: PlanNode) => number): { node: PlanNode; ms: number }[] {
  let rest = whole;
  const parts = scans.map((node) => {
    const ms = Math.min(rest, Math.max(0, own(node)));
    rest -= ms;
    return { node, ms };
  });
  const [first] = parts;
  if (first && rest > 0) first.ms += rest;
  return parts;
}

/** `InitPlan 1 (returns $0)` up to 16, `InitPlan 1` from 17 on: how expressions name its result. */
function namesOf(plan: PlanNode): string[] {
  const name = plan.subplan ?? '';
  const returned = /\(returns ([^)]*)\)/.exec(name)?.[1]?.split(',').map((part) => part.trim()) ?? [];
  return [...returned, `(${/^InitPlan [^ ]+/.exec(name)?.[0] ?? 'InitPlan ?'})`];
}

/**
 * The nodes that need its result. Workers run no InitPlan: the Gather above them does and hands them its result
 * (`Params Evaluated` up to 16; 17 and later do not print that).
 */
function usersOf(plan: PlanNode, parent: PlanNode): PlanNode[] {
  const names = namesOf(plan);
  const mentions = (value: unknown): boolean => (typeof value === 'string' ? names.some((name) => hasName(value, name)) : Array.isArray(value) && value.some(mentions));
  const found: PlanNode[] = [];
  const gathers = new Set<PlanNode>();
  const waiting: { node: PlanNode; gather: PlanNode | undefined }[] = [{ node: parent, gather: undefined }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, gather } = next;
    const below = node.type.startsWith('Gather') ? node : gather;
    waiting.push(...node.children.filter((child) => child !== plan).map((child) => ({ node: child, gather: below })));
    if (mentions(list(node.fields['Params Evaluated']))) gathers.add(node);
    else if ((node.actual?.loops ?? 0) > 0 && Object.entries(node.fields).some(([key, value]) => key !== 'Subplan Name' && key !== 'Output' && mentions(value))) {
      if (gather) gathers.add(gather);
      else found.push(node);
    }
  }
  if (gathers.size > 0) return [...gathers];
  if (found.length > 0) return found;
  return outputs(plan, parent, mentions);
}

/** Only an output names it: the lowest node that computes it. Nodes above pass the value on under the same name. */
function outputs(plan: PlanNode, parent: PlanNode, mentions: (value: unknown) => boolean): PlanNode[] {
  const below = parent.children.filter((child) => child !== plan).flatMap((child) => outputs(plan, child, mentions));
  if (below.length > 0) return below;
  return mentions(parent.fields['Output']) ? [parent] : [];
}

/** `$1` is not within `$10`; `(InitPlan 1).col1` names `(InitPlan 1)`. */
function hasName(expression: string, name: string): boolean {
  if (!name.startsWith('$')) return expression.includes(name);
  const at = expression.indexOf(name);
  return at >= 0 && !/\d/.test(expression[at + name.length] ?? '');
}
