import { isTree, walk, type Tree } from '@/lib/pg/parser';
import { Scope } from '@/lib/pg/shape/scope';
import type { Table, Written } from './catalog';
import { as, columnNames, conjuncts, kindOf, listOf, operatorOf } from './tree';

/** A relation in FROM. */
export type Item = { alias: string; written: Written; table: Table | null; /** Rows of it may be missing: the other side of an outer join. */ node: Tree };

export type Owned = { item: Item; column: string };

/** One SELECT, UPDATE or DELETE with what stands in its FROM. */
export type Block = {
  kind: string;
  node: Tree;
  items: Item[];
  /** A query, function or WITH query stands in FROM as well. */
  opaque: boolean;
  /** Not all joins are inner ones. */
  outer: boolean;
  /** What must hold for every row: WHERE, and the ON of inner joins. */
  conditions: Tree[];
  owner: (tree: unknown) => Owned | null;
};

const blockKinds = ['SelectStmt', 'UpdateStmt', 'DeleteStmt'];

/** Every query of a statement, the outermost first. */
export function blocksOf(statement: Tree, find: (name: Written) => Table | null): Block[] {
  const defined = new Set<string>();
  const nodes: [string, Tree][] = [];
  walk(statement, (kind, node) => {
    if (kind === 'CommonTableExpr') defined.add(String(node['ctename'] ?? ''));
    if (blockKinds.includes(kind)) nodes.push([kind, node]);
  });
  return nodes.map(([kind, node]) => read(kind, node, defined, find));
}

class Reading {
  readonly items: Item[] = [];
  readonly ons: Tree[] = [];
  opaque = false;
  outer = false;

  constructor(private readonly defined: ReadonlySet<string>, private readonly find: (name: Written) => Table | null) {}

  range(node: Tree): void {
    const name = String(node['relname'] ?? '');
    const written = { schema: typeof node['schemaname'] === 'string' ? node['schemaname'] : null, name };
    if (written.schema === null && this.defined.has(name)) {
      this.opaque = true;
      return;
    }
    const alias = isTree(node['alias']) ? String(node['alias']['aliasname'] ?? name) : name;
    this.items.push({ alias, written, table: this.find(written), node });
  }

  from(tree: unknown): void {
    const range = as('RangeVar', tree);
    const join = as('JoinExpr', tree);
    if (range) this.range(range);
    else if (join) this.join(join);
    else if (isTree(tree)) this.opaque = true;
  }

  private join({ jointype, larg, rarg, quals, usingClause, isNatural, alias }: Tree): void {
    if (usingClause || isNatural || alias) this.opaque = true;
    if (jointype === 'JOIN_INNER') this.ons.push(...conjuncts(quals));
    else this.outer = true;
    this.from(larg);
    this.from(rarg);
  }
}

function read(kind: string, node: Tree, defined: ReadonlySet<string>, find: (name: Written) => Table | null): Block {
  const reading = new Reading(defined, find);
  if (isTree(node['relation'])) reading.range(node['relation']);
  for (const part of [...listOf(node['fromClause']), ...listOf(node['usingClause'])]) reading.from(part);
  const { items, opaque, outer, ons } = reading;
  // A column without its relation is told by the relations that have one of that name, and by none where one of them is not known.
  const scope = new Scope(0, null, new Map(), (relation) => items[relation]?.table?.columns.map(({ name }) => name) ?? null);
  scope.entries.push(...items.map(({ alias, written: { schema } }, relation) => ({ alias, schema, relation, outputs: null })));
  if (opaque) scope.entries.push({ alias: '', schema: null, relation: null, outputs: null });
  const owner = (tree: unknown): Owned | null => {
    const names = columnNames(tree);
    const source = names ? scope.column(names) : null;
    const item = source ? items[source.relation] : undefined;
    return source && item?.table?.columns.some(({ name }) => name === source.column) ? { item, column: source.column } : null;
  };
  return { kind, node, items, opaque, outer, conditions: [...conjuncts(node['whereClause']), ...ons], owner };
}

/** The relations whose columns stand in an expression, not looking into queries inside it; null where one cannot be told. */
export function itemsIn(tree: unknown, block: Block): Set<Item> | null {
  const found = new Set<Item>();
  let known = true;
  const visit = (next: unknown): void => {
    if (Array.isArray(next)) next.forEach(visit);
    if (!isTree(next)) return;
    if ('SubLink' in next) known = false;
    else if ('ColumnRef' in next) {
      const owned = block.owner(next);
      if (owned) found.add(owned.item);
      else known = false;
    } else Object.values(next).forEach(visit);
  };
  visit(tree);
  return known ? found : null;
}

/** Nothing of a column: a parameter, a constant, or made of such. */
export function isValue(tree: unknown): boolean {
  let value = isTree(tree);
  walk({ tree }, (kind) => {
    if (kind === 'ColumnRef' || kind === 'SubLink') value = false;
  });
  return value;
}

/** An index that begins with the column, for all rows. */
export const indexOn = (table: Table, column: string): string | null => table.indexes.find(({ columns, partial }) => !partial && columns[0] === column)?.name ?? null;

/** An index that finds values of the column, and keeps their order where it has one. */
export const searchIndex = (table: Table, column: string): string | null => table.indexes.find(({ method, columns, partial }) => !partial && columns[0] === column && ['btree', 'hash'].includes(method))?.name ?? null;

/** Another condition leads to the rows of `item` through an index, so that this one merely looks at what that gives. In doubt it does. */
export function hasOtherWay(block: Block, item: Item, except: Tree): boolean {
  const { table } = item;
  if (!table) return true;
  return block.conditions.some((condition) => {
    if (condition === except) return false;
    const expression = as('A_Expr', condition);
    if (!expression) return kindOf(condition) === 'SubLink' || isIndexedTest(condition, block, item);
    if (['<>', '!~~', '!~~*', '!~', '!~*'].includes(operatorOf(expression))) return false;
    return [expression['lexpr'], expression['rexpr']].some((side) => {
      const owned = block.owner(side);
      if (owned) return owned.item === item && indexOn(table, owned.column) !== null;
      return !isValue(side) && table.indexes.some(({ columns }) => columns.includes(null));
    });
  });
}

/** A boolean column alone, or IS NULL: an index may begin with it, or be for such rows only. */
function isIndexedTest(condition: Tree, block: Block, item: Item): boolean {
  const tested = as('NullTest', condition)?.['arg'] ?? as('BooleanTest', condition)?.['arg'] ?? condition;
  const owned = block.owner(tested);
  return owned?.item === item && item.table !== null && (indexOn(item.table, owned.column) !== null || item.table.indexes.some(({ partial }) => partial));
}

/** Columns whose values, together, no two rows share: of a unique index, none of them NULL. */
export function uniqueKey(table: Table): string[] | null {
  const isSet = (name: string) => table.columns.find((column) => column.name === name)?.notNull ?? false;
  const keys = table.indexes.flatMap(({ unique, partial, columns }) => {
    const named = columns.filter((column): column is string => column !== null);
    return unique && !partial && named.length === columns.length && named.every(isSet) ? [named] : [];
  });
  return keys.toSorted((a, b) => a.length - b.length)[0] ?? null;
}

export const holdsKey = (table: Table, columns: readonly string[]): boolean => {
  const isSet = (name: string) => table.columns.find((column) => column.name === name)?.notNull ?? false;
  return table.indexes.some((index) => index.unique && !index.partial && index.columns.every((column) => column !== null && columns.includes(column) && isSet(column)));
};
