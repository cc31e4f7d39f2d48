import { isTree, namesOf, quoteName, type Tree } from '@/lib/pg/parser';
import { fieldsOf, markRead, starIn, type Scope } from './scope';
import { constantOf, expressionText, typeText } from './text';
import type { Operand, RelationShape, Source, Wrapped } from './types';

export type Reading = {
  relations: RelationShape[];
  /** The place of a query inside an expression, read when it is first met. `narrows`: its rows decide about those around it. */
  subquery: (select: Tree, scope: Scope, narrows?: boolean) => number;
};

/** One side of a comparison. */
export type Side = { tree: unknown; scope: Scope; sources: Source[]; /** The relation whose columns alone it is made of. */ only: number | null };

/** Every column in an expression, each marked as read; queries inside are read on their own. */
export function columnsIn(value: unknown, scope: Scope, reading: Reading): Source[] {
  const found: Source[] = [];
  const visit = (next: unknown): void => {
    if (Array.isArray(next)) next.forEach(visit);
    if (!isTree(next)) return;
    for (const [key, inner] of Object.entries(next)) {
      if (key === 'ColumnRef' && isTree(inner)) found.push(...referenced(inner, scope, reading));
      else if (key === 'SelectStmt' && isTree(inner)) reading.subquery(inner, scope);
      else if (typeof inner === 'object') visit(inner);
    }
  };
  visit(value);
  return found;
}

function referenced(column: Tree, scope: Scope, { relations }: Reading): Source[] {
  const fields = fieldsOf(column);
  if (starIn(column)) {
    const entries = fields.length === 0 ? scope.entries : [scope.entry(fields.at(-1) ?? '', fields.at(-2) ?? null)];
    for (const entry of entries) readAll(entry?.relation ?? null, relations);
    return [];
  }
  const source = scope.column(fields);
  if (source) {
    markRead(relations[source.relation], source.column);
    return [source];
  }
  // A relation's name alone is its whole row.
  readAll(fields.length === 1 ? (scope.entry(fields[0] ?? '')?.relation ?? null) : null, relations);
  return [];
}

export function readAll(relation: number | null, relations: RelationShape[]): void {
  const shape = relation === null ? undefined : relations[relation];
  if (shape) shape.reads = 'all';
}

export function sideOf(tree: unknown, scope: Scope, reading: Reading): Side {
  const sources = columnsIn(tree, scope, reading);
  const [first] = sources;
  const holdsQuery = isTree(tree) && 'SubLink' in tree;
  return { tree, scope, sources, only: first && !holdsQuery && sources.every(({ relation }) => relation === first.relation) ? first.relation : null };
}

const bare = (tree: unknown, scope: Scope): Source | null => (isTree(tree) && isTree(tree['ColumnRef']) && !starIn(tree['ColumnRef']) ? scope.column(fieldsOf(tree['ColumnRef'])) : null);

const listOf = (tree: Tree): unknown[] | null => {
  const node = tree['List'] ?? tree['A_ArrayExpr'] ?? tree['ArrayExpr'];
  const items = isTree(node) ? (node['items'] ?? node['elements']) : undefined;
  return Array.isArray(items) ? items : isTree(node) ? [] : null;
};

function negated(tree: Tree): Tree | null {
  const node = tree['A_Expr'];
  return isTree(node) && node['kind'] === 'AEXPR_OP' && node['lexpr'] === undefined && namesOf(node['name'])[0] === '-' && isTree(node['rexpr']) ? node['rexpr'] : null;
}

/** What the other side of a comparison is. */
export function operandOf(tree: unknown, scope: Scope, reading: Reading, cast: string | null = null): Operand {
  const other = (): Operand => ({ kind: 'expression', columns: columnsIn(tree, scope, reading).length > 0 });
  if (!isTree(tree)) return { kind: 'expression', columns: false };
  const constant = constantOf(tree);
  if (constant) return { kind: 'constant', ...constant, cast };
  const minus = negated(tree);
  const positive = minus && constantOf(minus);
  if (positive) return { kind: 'constant', ...positive, text: `-${positive.text}`, cast };
  if (isTree(tree['ParamRef'])) return { kind: 'parameter', number: Number(tree['ParamRef']['number'] ?? 0), cast };
  if (isTree(tree['TypeCast'])) {
    const inner = operandOf(tree['TypeCast']['arg'], scope, reading, typeText(tree['TypeCast']['typeName']));
    return inner.kind === 'column' || inner.kind === 'subquery' ? other() : inner;
  }
  const items = listOf(tree);
  if (items) return { kind: 'list', items: items.map((item) => operandOf(item, scope, reading)) };
  const sub = tree['SubLink'];
  if (isTree(sub) && isTree(sub['subselect']) && isTree(sub['subselect']['SelectStmt'])) return { kind: 'subquery', query: reading.subquery(sub['subselect']['SelectStmt'], scope) };
  const source = bare(tree, scope);
  return source ? { kind: 'column', relation: source.relation, column: source.column } : other();
}

const kinds: Record<string, Wrapped['kind']> = { FuncCall: 'function', CoalesceExpr: 'function', TypeCast: 'cast', A_Expr: 'operator', CollateClause: 'collation' };

function byOf(kind: string, node: Tree): string {
  if (kind === 'FuncCall') return namesOf(node['funcname']).at(-1) ?? '';
  if (kind === 'TypeCast') return typeText(node['typeName']) ?? '';
  if (kind === 'A_Expr') return namesOf(node['name']).at(-1) ?? '';
  if (kind === 'CollateClause') return namesOf(node['collname']).at(-1) ?? '';
  return kind === 'CoalesceExpr' ? 'coalesce' : kind;
}

/** What stands around the columns of one relation; null where a column stands alone. */
export function wrappedIn({ tree, scope, sources }: Side): Wrapped | null {
  if (bare(tree, scope) || !isTree(tree)) return null;
  const [kind, node] = Object.entries(tree)[0] ?? ['', {}];
  const nameOf = (column: Tree): string | null => {
    const source = starIn(column) ? null : scope.column(fieldsOf(column));
    return source ? quoteName(source.column) : null;
  };
  return { kind: kinds[kind] ?? 'other', by: byOf(kind, isTree(node) ? node : {}), text: expressionText(tree, nameOf), columns: [...new Set(sources.map(({ column }) => column))] };
}
