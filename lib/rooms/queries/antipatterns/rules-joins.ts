import { isTree, type Tree } from '@/lib/pg/parser';
import { formatCount } from '@/lib/units';
import { holdsKey, itemsIn, type Block, type Item } from './block';
import { isBig, type Match, type Rule, type Subject } from './rule';
import { aggregated, and, as, become, changed, columnNames, columnRef, comparison, conjuncts, contains, copy, integer, listOf, operatorOf } from './tree';

const isNotNull = (item: Item, column: string): boolean => item.table?.columns.some(({ name, notNull }) => name === column && notNull) ?? false;

/** `NOT (x IN (SELECT …))`, as the grammar writes NOT IN. */
function notIn(condition: Tree): { link: Tree; select: Tree } | null {
  const bool = as('BoolExpr', condition);
  const [arg] = bool?.['boolop'] === 'NOT_EXPR' ? listOf(bool['args']) : [];
  const link = as('SubLink', arg);
  const select = as('SelectStmt', link?.['subselect']);
  return link?.['subLinkType'] === 'ANY_SUBLINK' && !link['operName'] && select ? { link, select } : null;
}

const strict = ['=', '<>', '<', '<=', '>', '>='];

/** Does a condition that must hold fail for a NULL in this column: `IS NOT NULL`, or a comparison with it? */
function excludesNull(condition: Tree, isColumn: (tree: unknown) => boolean): boolean {
  const test = as('NullTest', condition);
  if (test) return test['nulltesttype'] === 'IS_NOT_NULL' && isColumn(test['arg']);
  const expression = as('A_Expr', condition);
  if (expression?.['kind'] === 'AEXPR_OP') return strict.includes(operatorOf(expression)) && (isColumn(expression['lexpr']) || isColumn(expression['rexpr']));
  return ['AEXPR_IN', 'AEXPR_BETWEEN', 'AEXPR_LIKE'].includes(String(expression?.['kind'])) && isColumn(expression?.['lexpr']);
}

/** A column that is never NULL in what the block gives: by its table, or by what must hold for each row. */
function isSet(value: unknown, block: Block): boolean {
  const owned = block.owner(value);
  const names = columnNames(value)?.join('.');
  if (names === undefined || contains(block.node['groupClause'], ['GroupingSet'])) return false;
  const isColumn = (tree: unknown): boolean => {
    const other = block.owner(tree);
    return owned && other ? owned.item === other.item && owned.column === other.column : columnNames(tree)?.join('.') === names;
  };
  // The ON of an inner join below an outer one holds for its rows alone.
  const holding = block.outer ? conjuncts(block.node['whereClause']) : block.conditions;
  return (owned !== null && !block.outer && isNotNull(owned.item, owned.column)) || holding.some((condition) => excludesNull(condition, isColumn));
}

type AntiJoin = { tree: Tree | null; outsideSet: boolean; insideSet: boolean };

/** NOT EXISTS over the same query, its output compared with the column outside; null in `tree` where a name could come to mean something else. */
function antiJoin(condition: Tree, { link, select }: { link: Tree; select: Tree }, block: Block, inner: Block, { statement }: Subject): AntiJoin {
  const outside = block.owner(link['testexpr']);
  const [target, ...others] = listOf(select['targetList']);
  const value = as('ResTarget', target)?.['val'];
  const inside = inner.owner(value);
  const [outsideSet, insideSet] = [isSet(link['testexpr'], block), isSet(value, inner)];
  const isSimple = select['op'] === 'SETOP_NONE' && others.length === 0 && !aggregated(select) && !['limitCount', 'limitOffset', 'withClause', 'lockingClause', 'valuesLists', 'sortClause'].some((key) => select[key]);
  const isTaken = outside !== null && (inner.opaque || inner.items.some(({ alias }) => alias === outside.item.alias));
  if (!outside || !inside || !isTree(value) || !isSimple || isTaken || isQualifiedTable(outside.item)) return { tree: null, outsideSet, insideSet };
  const tree = changed(statement, condition, (copied) => {
    const query = copy(select);
    query['targetList'] = [{ ResTarget: { val: integer(1) } }];
    delete query['distinctClause'];
    query['whereClause'] = and([...(isTree(query['whereClause']) ? [query['whereClause']] : []), comparison('=', copy(value), columnRef(outside.item.alias, outside.column))]);
    become(copied, { BoolExpr: { boolop: 'NOT_EXPR', args: [{ SubLink: { subLinkType: 'EXISTS_SUBLINK', subselect: { SelectStmt: query } } }] } });
  });
  return { tree, outsideSet, insideSet };
}

/** `schema.table` without an alias: its columns are written with the table's name, which this leaves to others. */
const isQualifiedTable = ({ node, written }: Item): boolean => written.schema !== null && !isTree(node['alias']);

function noteOn(outsideSet: boolean, insideSet: boolean): string {
  if (!insideSet) return 'Not the same where a NULL is met: NOT IN then returns nothing, NOT EXISTS takes NULL as equal to nothing, so it returns the row. That is nearly always what was meant.';
  return outsideSet ? 'The same rows: neither column can be NULL.' : 'Not the same where the column outside is NULL: NOT IN leaves such a row out, NOT EXISTS takes NULL as equal to nothing, so it returns the row.';
}

const notInSubquery: Rule = {
  name: 'not_in',
  title: 'NOT IN (SELECT …)',
  why: 'One NULL from the subquery and no row is returned at all; and the planner cannot make an anti join of it, so a large list is searched for each row.',
  find: (subject) => subject.blocks.flatMap((block) => block.conditions.flatMap((condition): Match[] => {
    const found = notIn(condition);
    const inner = found ? subject.blocks.find(({ node }) => node === found.select) : undefined;
    if (!found || !inner) return [];
    const { tree, outsideSet, insideSet } = antiJoin(condition, found, block, inner, subject);
    const large = inner.items.some(({ table }) => isBig(table));
    if (insideSet && !large) return [];
    const table = inner.items.find((item) => isBig(item.table))?.table ?? inner.items[0]?.table ?? null;
    return [{
      says: insideSet ? `The subquery reads ${table?.shown ?? 'a table'}, about ${formatCount(table?.rows ?? 0)} rows, and its result has to fit work_mem or is searched row by row.` : `If the subquery over ${table?.shown ?? inner.items[0]?.written.name ?? 'a query'} gives one NULL, no row is returned.`,
      certainty: insideSet ? 'likely' : 'sure', rewrite: tree, note: noteOn(outsideSet, insideSet),
    }];
  })),
};

/** All outputs are columns of one relation. */
function onlyItem(block: Block): Item | null {
  const owners = listOf(block.node['targetList']).map((target) => block.owner(as('ResTarget', target)?.['val'])?.item);
  const [first] = owners;
  return first && owners.every((item) => item === first) ? first : null;
}

/** The other relation moved into EXISTS, with every condition that speaks of it. A column without its relation is of one of the two alone, so it means the same there. */
function semiJoin(subject: Subject, block: Block, kept: Item, other: Item): Tree | null {
  const { node } = block;
  if (node !== subject.node || node['withClause'] || contains(node['sortClause'], ['SubLink'])) return null;
  const parts = block.conditions.map((condition) => ({ condition, items: itemsIn(condition, block) }));
  const ordered = listOf(node['sortClause']).every((key) => block.owner(as('SortBy', key)?.['node'])?.item === kept);
  if (parts.some(({ items }) => items === null) || !ordered) return null;
  const [inside, outside] = [parts.filter(({ items }) => items?.has(other)), parts.filter(({ items }) => !items?.has(other))].map((some) => some.map(({ condition }) => copy(condition)));
  if (!inside || !outside) return null;
  const tree = copy(subject.statement);
  const select = as('SelectStmt', tree);
  if (!select) return null;
  const exists: Tree = { SubLink: { subLinkType: 'EXISTS_SUBLINK', subselect: { SelectStmt: { targetList: [{ ResTarget: { val: integer(1) } }], fromClause: [{ RangeVar: copy(other.node) }], ...(inside.length > 0 ? { whereClause: and(inside) } : {}), limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' } } } };
  select['fromClause'] = [{ RangeVar: copy(kept.node) }];
  select['whereClause'] = and([...outside, exists]);
  const outputs = listOf(node['targetList']).map((target) => block.owner(as('ResTarget', target)?.['val'])?.column ?? '');
  if (kept.table && holdsKey(kept.table, outputs)) delete select['distinctClause'];
  return tree;
}

const distinctJoin: Rule = {
  name: 'distinct_join',
  title: 'DISTINCT over a join that only filters',
  why: 'The join makes each row as often as it finds partners, and DISTINCT sorts or hashes them all to take the copies out again.',
  find: (subject) => subject.blocks.flatMap((block): Match[] => {
    const { node, items, opaque, outer } = block;
    const distinct = node['distinctClause'];
    const isPlain = Array.isArray(distinct) && listOf(distinct).every((part) => Object.keys(part).length === 0);
    if (block.kind !== 'SelectStmt' || !isPlain || items.length < 2 || opaque || outer || aggregated(node)) return [];
    const kept = onlyItem(block);
    const others = items.filter((item) => item !== kept);
    if (!kept || ![kept, ...others].some(({ table }) => isBig(table)) || others.some(({ table }) => table === null)) return [];
    const [other] = others;
    const tree = other && others.length === 1 ? semiJoin(subject, block, kept, other) : null;
    return [{ says: `All that is returned is of ${kept.alias}; ${others.map(({ alias }) => alias).join(', ')} only ${others.length === 1 ? 'decides' : 'decide'} which rows.`, certainty: 'likely', rewrite: tree, note: tree ? 'The same rows: EXISTS stops at the first partner.' : 'Ask with EXISTS (SELECT 1 FROM … WHERE …) instead of the join: it stops at the first partner.' }];
  }),
};

const crossJoin: Rule = {
  name: 'cross_join',
  title: 'Tables that no condition joins',
  why: 'Every row of one is paired with every row of the other.',
  find: (subject) => subject.blocks.flatMap((block): Match[] => {
    const parts = listOf(block.node['fromClause']);
    if (block.kind !== 'SelectStmt' || block.opaque || block.outer || parts.length < 2 || block.items.some(({ table }) => (table?.rows ?? 0) < 1000)) return [];
    // As comma-separated parts: what stands in JOIN … ON has its condition, CROSS JOIN is meant.
    if (!parts.every((part) => as('RangeVar', part))) return [];
    const sets = block.conditions.map((condition) => itemsIn(condition, block));
    if (sets.some((set) => set === null)) return [];
    const joined = groups(block.items, sets.flatMap((set) => (set ? [set] : [])));
    if (joined.length < 2 || block.items.some((item) => isOneRow(item, block))) return [];
    const names = joined.map((group) => group.map(({ alias }) => alias).join(', '));
    return [{ says: `No condition joins ${names.join(' with ')}.`, certainty: 'sure', note: 'Join them on the columns that belong together; where every pair is wanted, write CROSS JOIN, so that it can be seen.' }];
  }),
};

/** Relations that conditions join, together. */
function groups(items: Item[], sets: Set<Item>[]): Item[][] {
  let found = items.map((item) => [item]);
  for (const set of sets) {
    const touched = found.filter((group) => group.some((item) => set.has(item)));
    if (touched.length > 1) found = [...found.filter((group) => !touched.includes(group)), touched.flat()];
  }
  return found;
}

/** Equal to values in all columns of a key: at most one row of it. */
function isOneRow(item: Item, block: Block): boolean {
  const columns = block.conditions.flatMap((condition) => {
    const expression = as('A_Expr', condition);
    const owned = expression?.['kind'] === 'AEXPR_OP' ? (block.owner(expression['lexpr']) ?? block.owner(expression['rexpr'])) : null;
    return owned?.item === item ? [owned.column] : [];
  });
  return item.table !== null && holdsKey(item.table, columns);
}

/** Fewer rows a call than this are a small table, however big its statistics say it once was. */
const leastWritten = 1000;

const writeAll: Rule = {
  name: 'write_all',
  title: 'UPDATE or DELETE without WHERE',
  why: 'Every row is locked and written again, old versions stay until vacuum, and all of it goes through the WAL.',
  find: ({ kind, node, blocks, figures }) => {
    const [block] = blocks;
    const item = block?.items[0];
    if (!['UpdateStmt', 'DeleteStmt'].includes(kind) || block?.node !== node || block.opaque || block.items.length !== 1 || !item || conjuncts(node['whereClause']).length > 0) return [];
    const rows = figures && figures.calls > 0 ? figures.rows / figures.calls : (item.table?.rows ?? 0);
    if (rows < leastWritten) return [];
    const name = item.table?.shown ?? item.written.name;
    const isDelete = kind === 'DeleteStmt';
    return [{
      says: `${isDelete ? 'Deletes' : 'Writes'} every row of ${name}, about ${formatCount(Math.round(rows))}${figures ? ' a call' : ''}.`, certainty: 'sure', helps: isDelete && item.table ? `TRUNCATE ${name};` : null,
      note: isDelete ? 'TRUNCATE frees the files at once, but locks everybody out while it runs, is refused where foreign keys point here, fires no row triggers, and hides the rows from transactions that began before it.' : 'Write only the rows that change: WHERE column IS DISTINCT FROM the new value; many of them in portions by key.',
    }];
  },
};

export const joinRules: Rule[] = [notInSubquery, distinctJoin, crossJoin, writeAll];
