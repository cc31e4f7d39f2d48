import { isTree, namesOf, walk, type Tree } from '@/lib/pg/parser';

/** A copy that can be changed. */
export const copy = <T>(tree: T): T => structuredClone(tree);

export const listOf = (value: unknown): Tree[] => (Array.isArray(value) ? value.filter(isTree) : []);

/** The fields of `{ kind: {…} }`; null for another kind. */
export function as(kind: string, tree: unknown): Tree | null {
  const node = isTree(tree) ? tree[kind] : undefined;
  return isTree(node) ? node : null;
}

export const kindOf = (tree: unknown): string => (isTree(tree) ? (Object.keys(tree)[0] ?? '') : '');

/** The statement with one of its nodes changed: found in the copy by the way that leads to it. */
export function changed(statement: Tree, node: Tree, change: (copied: Tree) => void): Tree | null {
  const way = wayTo(statement, node);
  if (!way) return null;
  const tree = copy(statement);
  let at: unknown = tree;
  for (const key of way) at = (at as Record<string | number, unknown>)[key];
  change(at as Tree);
  return tree;
}

function wayTo(value: unknown, wanted: Tree): (string | number)[] | null {
  if (value === wanted) return [];
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const way = wayTo(inner, wanted);
    if (way) return [Array.isArray(value) ? Number(key) : key, ...way];
  }
  return null;
}

export const become = (copied: Tree, next: Tree): void => {
  for (const key of Object.keys(copied)) delete copied[key];
  Object.assign(copied, next);
};

/** What AND joins, each on its own. */
export function conjuncts(tree: unknown): Tree[] {
  const bool = as('BoolExpr', tree);
  if (bool?.['boolop'] === 'AND_EXPR') return listOf(bool['args']).flatMap(conjuncts);
  return isTree(tree) ? [tree] : [];
}

export const and = (parts: Tree[]): Tree | undefined => (parts.length > 1 ? { BoolExpr: { boolop: 'AND_EXPR', args: parts } } : parts[0]);

/** A column reference as its names; null for `*` and for anything else. */
export function columnNames(tree: unknown): string[] | null {
  const column = as('ColumnRef', tree);
  if (!column) return null;
  const names = namesOf(column['fields']);
  return names.length === listOf(column['fields']).length ? names : null;
}

export const columnRef = (...names: string[]): Tree => ({ ColumnRef: { fields: names.map((sval) => ({ String: { sval } })) } });

export const parameter = (number: number): Tree => ({ ParamRef: { number } });

export const comparison = (operator: string, lexpr: Tree, rexpr: Tree, kind = 'AEXPR_OP'): Tree => ({ A_Expr: { kind, name: [{ String: { sval: operator } }], lexpr, rexpr } });

export const integer = (ival: number): Tree => ({ A_Const: { ival: { ival } } });

export const row = (args: Tree[]): Tree => ({ RowExpr: { args, row_format: 'COERCE_IMPLICIT_CAST' } });

export const highestParameter = (tree: Tree): number => {
  let most = 0;
  walk(tree, (kind, node) => {
    if (kind === 'ParamRef') most = Math.max(most, Number(node['number'] ?? 0));
  });
  return most;
};

/** Parameters numbered without gaps, in their order: a server asks for the type of every number. Returns what each became. */
export function renumber(tree: Tree): Map<number, number> {
  const found: Tree[] = [];
  walk(tree, (kind, node) => {
    if (kind === 'ParamRef') found.push(node);
  });
  const numbers = [...new Set(found.map((node) => Number(node['number'] ?? 0)))].toSorted((a, b) => a - b);
  const became = new Map(numbers.map((number, at) => [number, at + 1]));
  for (const node of found) node['number'] = became.get(Number(node['number'] ?? 0)) ?? 0;
  return became;
}

/** The operator of a plain comparison; '' for anything else. */
export const operatorOf = (expression: Tree): string => (namesOf(expression['name']).length === 1 ? (namesOf(expression['name'])[0] ?? '') : '');

/** Whether a node of one of these kinds is somewhere below. */
export function contains(tree: unknown, kinds: readonly string[]): boolean {
  let found = false;
  walk({ tree }, (kind) => {
    if (kinds.includes(kind)) found = true;
  });
  return found;
}

/** The text of a constant, where it is one. */
export function textOf(tree: unknown): string | null {
  const cast = as('TypeCast', tree);
  if (cast) return textOf(cast['arg']);
  const constant = as('A_Const', tree);
  return constant && isTree(constant['sval']) ? String(constant['sval']['sval'] ?? '') : null;
}

/** The value of a whole-number constant; protocol buffers leave 0 out. */
export function numberOf(tree: unknown): number | null {
  const constant = as('A_Const', tree);
  return constant && isTree(constant['ival']) ? Number(constant['ival']['ival'] ?? 0) : null;
}

const aggregates = new Set(['count', 'sum', 'min', 'max', 'avg', 'array_agg', 'string_agg', 'json_agg', 'jsonb_agg', 'bool_and', 'bool_or', 'every', 'json_object_agg', 'jsonb_object_agg', 'stddev', 'variance', 'percentile_cont', 'percentile_disc', 'mode', 'bit_and', 'bit_or', 'xmlagg']);

/** Calls of an aggregate or window function in the output: then its rows are not the table's. */
export function aggregated(node: Tree): boolean {
  if (listOf(node['groupClause']).length > 0 || node['havingClause']) return true;
  let found = false;
  walk({ targets: node['targetList'] }, (kind, call) => {
    if (kind === 'FuncCall' && (aggregates.has(namesOf(call['funcname']).at(-1) ?? '') || call['agg_star'] || call['over'] || call['agg_within_group'])) found = true;
  });
  return found;
}
