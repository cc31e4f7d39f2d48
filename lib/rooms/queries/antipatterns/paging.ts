import { isTree, namesOf, type Tree } from '@/lib/pg/parser';
import { holdsKey, uniqueKey, type Block } from './block';
import { and, as, columnNames, columnRef, comparison, copy, highestParameter, integer, listOf, parameter, renumber, row } from './tree';

type Paged = { tree: Tree; note: string };

type Order = { refs: Tree[]; columns: string[]; descending: boolean };

const plainNulls = (nulls: unknown): boolean => nulls === undefined || nulls === 'SORTBY_NULLS_DEFAULT';

/** ORDER BY as columns of the one relation in FROM, all set and all in one direction: what a row comparison can go on from. */
function orderOf(block: Block): Order | null {
  const [item, ...others] = block.items;
  const keys = listOf(block.node['sortClause']).map((key) => as('SortBy', key));
  if (!item?.table || others.length > 0 || block.opaque || keys.length === 0) return null;
  const { table } = item;
  const columns: string[] = [];
  const directions = new Set<boolean>();
  const refs: Tree[] = [];
  for (const key of keys) {
    const owned = key ? block.owner(key['node']) : null;
    const isSet = owned && table.columns.some(({ name, notNull }) => name === owned.column && notNull);
    if (!key || !isSet || !isTree(key['node']) || !plainNulls(key['sortby_nulls']) || namesOf(key['useOp']).length > 0) return null;
    columns.push(owned.column);
    refs.push(key['node']);
    directions.add(key['sortby_dir'] === 'SORTBY_DESC');
  }
  // An output of another meaning would take the name in ORDER BY.
  const isRenamed = listOf(block.node['targetList']).map((target) => as('ResTarget', target)).some((target) => typeof target?.['name'] === 'string' && columns.includes(target['name']));
  return directions.size === 1 && !isRenamed ? { refs, columns, descending: directions.has(true) } : null;
}

/** The order with what makes it total: the columns of a key behind it. */
function totalOrder(order: Order, block: Block): Order | null {
  const table = block.items[0]?.table;
  if (!table) return null;
  if (holdsKey(table, order.columns)) return order;
  const key = uniqueKey(table);
  if (!key) return null;
  const qualifier = (columnNames(order.refs[0]) ?? []).slice(0, -1);
  const added = key.filter((column) => !order.columns.includes(column));
  return { ...order, columns: [...order.columns, ...added], refs: [...order.refs, ...added.map((column) => columnRef(...qualifier, column))] };
}

const sortBy = (node: Tree, descending: boolean): Tree => ({ SortBy: { node, sortby_dir: descending ? 'SORTBY_DESC' : 'SORTBY_DEFAULT', sortby_nulls: 'SORTBY_NULLS_DEFAULT' } });

const numbers = (list: number[]): string => list.map((number) => `$${number}`).join(', ');

/**
 * The query as one that goes on behind a row: `(a, b) > ($1, $2)` in its own order, made total by a key, in place of OFFSET.
 * `limit`: for a query that has none. Null where the order does not allow it.
 */
export function keysetPage(statement: Tree, block: Block, limit: number | null): Paged | null {
  const { node } = block;
  if (node['groupClause'] || node['distinctClause'] || node['op'] !== 'SETOP_NONE' || node['limitOption'] === 'LIMIT_OPTION_WITH_TIES') return null;
  const given = orderOf(block);
  const order = given && totalOrder(given, block);
  if (!order) return null;
  const tree = copy(statement);
  const select = as('SelectStmt', tree);
  if (!select || as('SelectStmt', statement) !== node) return null;
  const first = highestParameter(statement) + 1;
  const values = order.columns.map((_, at) => parameter(first + at));
  const refs = order.refs.map(copy);
  const [ref, value] = [refs[0], values[0]];
  if (!ref || !value) return null;
  const operator = order.descending ? '<' : '>';
  const behind = refs.length > 1 ? comparison(operator, row(refs), row(values)) : comparison(operator, ref, value);
  const where = select['whereClause'];
  select['whereClause'] = and([...(isTree(where) ? [where] : []), behind]);
  select['sortClause'] = order.refs.map((one) => sortBy(copy(one), order.descending));
  delete select['limitOffset'];
  if (limit !== null) Object.assign(select, { limitCount: integer(limit), limitOption: 'LIMIT_OPTION_COUNT' });
  const became = renumber(tree);
  const moved = [...became].some(([from, to]) => from < first && from !== to) ? ' The other parameters are numbered anew.' : '';
  const last = order.columns.map((_, at) => became.get(first + at) ?? 0);
  const added = order.columns.length > given.columns.length ? ` ${order.columns.slice(given.columns.length).join(', ')} in ORDER BY makes the order total, so that no row is skipped or shown twice.` : '';
  return { tree, note: `${numbers(last)}: ${order.columns.join(', ')} of the last row of the page before; the first page has no such condition. Pages follow one another and cannot be jumped to by number.${added}${moved}` };
}
