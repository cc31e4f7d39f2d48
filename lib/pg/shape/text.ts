import { isTree, namesOf, quoteName, type Tree } from '@/lib/pg/parser';

/** How a column is written in an index; null where it may not stand there. */
type NameOf = (column: Tree) => string | null;

const path = (names: string[]): string => names.filter((name, at) => at > 0 || name !== 'pg_catalog' || names.length === 1).map(quoteName).join('.');

export const literalText = (text: string): string => (text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`);

/** A type as written, without `pg_catalog`; null where its modifiers are no plain numbers. */
export function typeText(type: unknown): string | null {
  if (!isTree(type)) return null;
  const modifiers = Array.isArray(type['typmods']) ? type['typmods'].map(constantText) : [];
  if (modifiers.some((one) => one === null)) return null;
  const bounds = Array.isArray(type['arrayBounds']) ? type['arrayBounds'].map(() => '[]').join('') : '';
  return `${path(namesOf(type['names']))}${modifiers.length > 0 ? `(${modifiers.join(', ')})` : ''}${bounds}`;
}

/** The value of `{ A_Const }`; a tree without a value is 0, false or the empty text, which protocol buffers leave out. */
export function constantOf(tree: Tree): { type: 'integer' | 'decimal' | 'text' | 'boolean' | 'bits' | 'null'; text: string } | null {
  const constant = tree['A_Const'];
  if (!isTree(constant)) return null;
  const { ival, fval, sval, boolval, bsval, isnull } = constant;
  if (isnull === true) return { type: 'null', text: 'NULL' };
  if (isTree(ival)) return { type: 'integer', text: String(ival['ival'] ?? 0) };
  if (isTree(fval)) return { type: 'decimal', text: String(fval['fval'] ?? 0) };
  if (isTree(sval)) return { type: 'text', text: String(sval['sval'] ?? '') };
  if (isTree(boolval)) return { type: 'boolean', text: String(boolval['boolval'] ?? false) };
  return isTree(bsval) ? { type: 'bits', text: String(bsval['bsval'] ?? '') } : null;
}

function constantText(tree: unknown): string | null {
  const constant = isTree(tree) ? constantOf(tree) : null;
  if (!constant) return null;
  return constant.type === 'text' ? literalText(constant.text) : constant.type === 'bits' ? null : constant.text;
}

const list = (trees: unknown, nameOf: NameOf): string | null => {
  const parts = Array.isArray(trees) ? trees.map((tree) => expressionText(tree, nameOf)) : [];
  return parts.some((part) => part === null) ? null : parts.join(', ');
};

function callText(call: Tree, nameOf: NameOf): string | null {
  if (['agg_order', 'agg_filter', 'over', 'agg_star', 'agg_distinct', 'func_variadic'].some((key) => call[key])) return null;
  const names = namesOf(call['funcname']);
  const args = list(call['args'], nameOf);
  if (args === null) return null;
  // `x AT TIME ZONE z` is timezone(z, x), `extract(f from x)` is extract(f, x): their plain calls mean the same.
  return `${call['funcformat'] === 'COERCE_SQL_SYNTAX' && names.length > 1 ? `pg_catalog.${quoteName(names.at(-1) ?? '')}` : path(names)}(${args})`;
}

function operatorText({ kind, name, lexpr, rexpr }: Tree, nameOf: NameOf): string | null {
  const [operator, ...more] = namesOf(name);
  if (kind !== 'AEXPR_OP' || more.length > 0 || operator === undefined) return null;
  const right = expressionText(rexpr, nameOf);
  const left = lexpr === undefined ? '' : expressionText(lexpr, nameOf);
  return right === null || left === null ? null : `(${left === '' ? '' : `${left} `}${operator} ${right})`;
}

/** An expression as SQL, for an index to be declared on it; null for what holds parameters, subqueries, or anything not known here. */
export function expressionText(tree: unknown, nameOf: NameOf): string | null {
  if (!isTree(tree)) return null;
  const [kind, node] = Object.entries(tree)[0] ?? [];
  if (!isTree(node)) return null;
  switch (kind) {
    case 'A_Const':
      return constantText(tree);
    case 'ColumnRef':
      return nameOf(node);
    case 'TypeCast': {
      const [inner, type] = [expressionText(node['arg'], nameOf), typeText(node['typeName'])];
      const isColumn = isTree(node['arg']) && 'ColumnRef' in node['arg'];
      return inner === null || type === null ? null : isColumn ? `${inner}::${type}` : `(${inner})::${type}`;
    }
    case 'FuncCall':
      return callText(node, nameOf);
    case 'A_Expr':
      return operatorText(node, nameOf);
    case 'CoalesceExpr': {
      const args = list(node['args'], nameOf);
      return args === null ? null : `COALESCE(${args})`;
    }
    default:
      return null;
  }
}
