import type { Plan, PlanNode } from './node';

/** A place in either plan, or in both: what was done there before and after. */
export type ComparedNode = { depth: number; before: PlanNode | null; after: PlanNode | null; /** The same kind of work on the same thing. */ same: boolean };

const label = (node: PlanNode): string => `${node.type} ${node.on}`;

/** Nodes that two plans have in common, and those that one of them has alone, in the order of the trees. */
export function comparePlans(before: Plan, after: Plan): ComparedNode[] {
  return compared(before.root, after.root, 0);
}

function compared(before: PlanNode | null, after: PlanNode | null, depth: number): ComparedNode[] {
  const [left, right] = [passes(before, after), passes(after, before)];
  // What only hands on the rows of one child stands alone; the comparison goes on below it.
  if (left && after) return [{ depth, before, after: null, same: false }, ...compared(left, after, depth + 1)];
  if (right && before) return [{ depth, before: null, after, same: false }, ...compared(before, right, depth + 1)];
  const same = before !== null && after !== null && label(before) === label(after);
  const row: ComparedNode = { depth, before, after, same };
  return [row, ...aligned(before?.children ?? [], after?.children ?? []).flatMap(([a, b]) => compared(a, b, depth + 1))];
}

const passing = /^(Hash|Sort|Incremental Sort|Materialize|Memoize|Gather|Gather Merge|Result)$/;

/** The only child of a node that passes rows on, where the other plan has none such at this place. */
function passes(node: PlanNode | null, other: PlanNode | null): PlanNode | null {
  const [child, second] = node?.children ?? [];
  return node && other && child && !second && passing.test(node.type) && node.type !== other.type ? child : null;
}

/** Children that do the same belong together wherever they stand (a join may swap its sides); the rest in order. */
function aligned(before: readonly PlanNode[], after: readonly PlanNode[]): [PlanNode | null, PlanNode | null][] {
  const free = new Set(after);
  const take = (fits: (node: PlanNode) => boolean): PlanNode | null => {
    const found = [...free].find(fits) ?? null;
    if (found) free.delete(found);
    return found;
  };
  const exact = before.map((node) => take((other) => label(other) === label(node)));
  const similar = before.map((node, index) => exact[index] ?? take((other) => touches(other) === touches(node)));
  const pairs = before.map((node, index): [PlanNode | null, PlanNode | null] => [node, similar[index] ?? take(() => true)]);
  return [...pairs, ...[...free].map((node): [null, PlanNode] => [null, node])];
}

/** The tables below a node: another way to the same rows. */
function touches(node: PlanNode): string {
  const below = (one: PlanNode): string[] => [...(one.relation ? [`${one.relation.schema ?? ''}.${one.relation.name}`] : []), ...one.children.flatMap(below)];
  return below(node).toSorted().join(' ');
}
