import { isTree, namesOf, type Tree } from '@/lib/pg/parser';
import { literalText } from '@/lib/pg/shape/text';
import { formatCount } from '@/lib/units';
import { hasOtherWay, uniqueKey, type Block } from './block';
import { keysetPage } from './paging';
import { isBig, leastRows, stopsEarly, type Match, type Rule, type Subject } from './rule';
import { aggregated, as, columnRef, contains, copy, integer, listOf, numberOf } from './tree';

const rowsOf = (rows: number | null): string => `about ${formatCount(rows ?? 0)} rows`;

/** The statement as a plain SELECT of rows: no set operation, grouping, DISTINCT, lock or WITH. */
function plain({ kind, blocks, node }: Subject): Block | null {
  const [block] = blocks;
  if (kind !== 'SelectStmt' || !block || block.node !== node) return null;
  const isOther = node['op'] !== 'SETOP_NONE' || ['distinctClause', 'lockingClause', 'withClause', 'intoClause', 'valuesLists'].some((key) => node[key]) || aggregated(node);
  return isOther ? null : block;
}

/** All rows of the one relation in its FROM. */
const isWhole = ({ node, items, opaque }: Block): boolean => items.length === 1 && !opaque && !node['whereClause'] && !node['limitCount'] && !node['limitOffset'] && listOf(node['fromClause']).length === 1;

const hasStar = (node: Tree): boolean => listOf(node['targetList']).some((target) => listOf(as('ColumnRef', as('ResTarget', target)?.['val'])?.['fields']).some((field) => 'A_Star' in field));

/** `*` as the columns that it stands for; null where there is more in the list. */
function named(node: Tree, block: Block): Tree[] | null {
  const targets = listOf(node['targetList']);
  const table = block.items[0]?.table;
  if (targets.length !== 1 || !table) return null;
  const fields = listOf(as('ColumnRef', as('ResTarget', targets[0])?.['val'])?.['fields']);
  const qualifier = fields.slice(0, -1).map((field) => String(as('String', field)?.['sval'] ?? ''));
  return table.columns.map(({ name }) => ({ ResTarget: { val: columnRef(...qualifier, name) } }));
}

export const selectStar: Rule = {
  name: 'select_star',
  title: 'SELECT * of a whole table',
  why: 'Every row and every column is read, sent and kept by the client, and each new column makes it more.',
  find: (subject) => {
    const block = plain(subject);
    const table = block?.items[0]?.table ?? null;
    if (!block || !isWhole(block) || !hasStar(block.node) || block.node['sortClause'] || !isBig(table) || stopsEarly(subject)) return [];
    const tree = copy(subject.statement);
    const select = as('SelectStmt', tree);
    const targets = named(block.node, block);
    if (select && targets) select['targetList'] = targets;
    return [{ says: `Reads all ${rowsOf(table.rows)} of ${table.shown} with all ${table.columns.length} columns.`, certainty: 'sure', rewrite: select && targets ? tree : null, note: 'The same rows: now leave out the columns that nobody reads, and say with WHERE or LIMIT which rows are wanted.' }];
  },
};

export const orderedWhole: Rule = {
  name: 'missing_limit',
  title: 'A whole table in order, without LIMIT',
  why: 'Sorts, or walks an index over, every row of the table, and the client gets them all.',
  find: (subject) => {
    const block = plain(subject);
    const table = block?.items[0]?.table ?? null;
    if (!block || !isWhole(block) || listOf(block.node['sortClause']).length === 0 || !isBig(table) || stopsEarly(subject) || isRandom(block.node)) return [];
    const page = keysetPage(subject.statement, block, 1000);
    return [{ says: `Reads and orders all ${rowsOf(table.rows)} of ${table.shown}.`, certainty: 'sure', rewrite: page?.tree ?? null, note: page ? `Reads a thousand rows at a time. ${page.note}` : 'Add LIMIT if not every row is wanted; an export of all rows is better off without ORDER BY.' }];
  },
};

export const offset: Rule = {
  name: 'offset',
  title: 'Pages by OFFSET',
  why: 'All rows before the page are read and thrown away, so each page costs more than the one before; rows that arrive meanwhile shift the pages.',
  find: (subject) => subject.blocks.flatMap((block): Match[] => {
    const { limitOffset } = block.node;
    const constant = numberOf(limitOffset);
    const tables = block.items.flatMap(({ table }) => (isBig(table) ? [table] : []));
    const [table] = tables;
    if (!isTree(limitOffset) || as('A_Const', limitOffset)?.['isnull'] === true || (constant !== null && constant < 100) || !table) return [];
    const page = block.node['limitCount'] ? keysetPage(subject.statement, block, null) : null;
    const far = constant === null ? 'How far it goes is not in the text' : `It goes past ${formatCount(constant)} rows`;
    return [{ says: `Skips rows of ${table.shown}, which has ${rowsOf(table.rows)}. ${far}.`, certainty: constant === null ? 'likely' : 'sure', rewrite: page?.tree ?? null, note: page?.note ?? 'Go on from the last row of the page before: WHERE (order columns) > (their last values), in a total order over columns that are never NULL.' }];
  }),
};

const isCount = (node: Tree): boolean => {
  const targets = listOf(node['targetList']);
  const call = as('FuncCall', as('ResTarget', targets[0])?.['val']);
  return targets.length === 1 && call !== null && namesOf(call['funcname']).at(-1) === 'count' && call['agg_star'] === true && !call['agg_filter'] && !call['over'];
};

/** A count reads an index where it can: of fewer rows it is quick. */
const leastCounted = 10 * leastRows;

export const countWhole: Rule = {
  name: 'count_whole',
  title: 'count(*) of a whole table',
  why: 'PostgreSQL keeps no count: each time every row, or every entry of an index, is looked at.',
  find: (subject) => {
    const [block] = subject.blocks;
    const table = block?.items[0]?.table ?? null;
    const { node } = subject;
    if (!block || subject.kind !== 'SelectStmt' || block.node !== node || !isWhole(block) || node['groupClause'] || node['havingClause'] || node['withClause'] || node['distinctClause'] || !isCount(node) || !isBig(table) || (table.rows ?? 0) < leastCounted) return [];
    const name = literalText(table.shown);
    const helps = table.kind === 'p'
      ? `SELECT sum(greatest(c.reltuples, 0))::bigint AS estimate FROM pg_partition_tree(${name}) p JOIN pg_class c ON c.oid = p.relid WHERE p.isleaf;`
      : `SELECT greatest(reltuples, 0)::bigint AS estimate FROM pg_class WHERE oid = ${name}::regclass;`;
    return [{ says: `Counts ${rowsOf(table.rows)} of ${table.shown} one by one.`, certainty: 'sure', helps, note: 'Where an estimate will do: the count of the last vacuum or analyze. An exact one for a page that says “more than 1,000” needs no more than SELECT count(*) FROM (SELECT FROM … LIMIT 1001) s.' }];
  },
};

const isRandom = (node: Tree): boolean => listOf(node['sortClause']).some((key) => {
  const call = as('FuncCall', as('SortBy', key)?.['node']);
  return call !== null && namesOf(call['funcname']).at(-1) === 'random' && listOf(call['args']).length === 0;
});

/** As many rows as a sample should have to choose from. */
const sampled = 10_000;

/** `FROM t` as `FROM t TABLESAMPLE system (p)`: only where nothing else decides about its rows. */
function withSample(statement: Tree, rows: number): Tree | null {
  const tree = copy(statement);
  const select = as('SelectStmt', tree);
  const [from] = listOf(select?.['fromClause']);
  if (!select || !from) return null;
  const percent = Math.min(100, Math.max(1, Math.ceil((sampled / rows) * 100)));
  select['fromClause'] = [{ RangeTableSample: { relation: from, method: [{ String: { sval: 'system' } }], args: [integer(percent)] } }];
  return tree;
}

export const orderRandom: Rule = {
  name: 'order_random',
  title: 'ORDER BY random()',
  why: 'Every row gets a number and all are kept in order, to return a few.',
  find: (subject) => subject.blocks.flatMap((block): Match[] => {
    const item = block.items.find(({ table: one }) => isBig(one));
    const table = item?.table ?? null;
    if (block.kind !== 'SelectStmt' || !isRandom(block.node) || !item || !isBig(table) || hasOtherWay(block, item, {})) return [];
    const canSample = plain(subject) === block && block.items.length === 1 && !block.opaque && !block.node['whereClause'] && block.node['limitCount'] && ['r', 'm', 'p'].includes(table.kind) && (table.rows ?? 0) >= 10 * sampled;
    const tree = canSample ? withSample(subject.statement, table.rows ?? 0) : null;
    return [{ says: `Gives ${block.node['whereClause'] ? 'every row that it finds in' : `all ${rowsOf(table.rows)} of`} ${table.shown} a random number.`, certainty: block.node['whereClause'] ? 'likely' : 'sure', rewrite: tree, note: tree ? 'Chooses among the rows of some random pages: rows of one page come together, and a page without rows gives none. For a fair choice keep a random column with an index.' : 'A fair choice without reading all: keep a column with a random value and an index, and take the first rows behind a random value.' }];
  }),
};

export const distinctNeedless: Rule = {
  name: 'distinct_needless',
  title: 'DISTINCT of rows that differ anyway',
  why: 'Every row is sorted or hashed to find copies that cannot be.',
  find: (subject) => subject.blocks.flatMap((block): Match[] => {
    const { node, items, opaque } = block;
    const [item] = items;
    const table = item?.table ?? null;
    const distinct = listOf(node['distinctClause']);
    // `DISTINCT` alone is a list with one empty item.
    const isPlain = Array.isArray(node['distinctClause']) && distinct.every((part) => Object.keys(part).length === 0);
    if (block.kind !== 'SelectStmt' || items.length !== 1 || opaque || listOf(node['fromClause']).length !== 1 || !isPlain || !isBig(table) || node['groupClause'] || contains(node['targetList'], ['FuncCall'])) return [];
    const outputs = listOf(node['targetList']).map((target) => block.owner(as('ResTarget', target)?.['val'])?.column);
    const key = uniqueKey(table);
    if (!key || !key.every((column) => outputs.includes(column))) return [];
    const tree = node === subject.node ? copy(subject.statement) : null;
    const select = tree ? as('SelectStmt', tree) : null;
    if (select) delete select['distinctClause'];
    return [{ says: `No two rows of ${table.shown} share ${key.join(', ')}, which ${key.length === 1 ? 'is' : 'are'} in the output: DISTINCT finds nothing.`, certainty: 'sure', rewrite: select ? tree : null, note: 'The same rows.' }];
  }),
};

export const readingRules: Rule[] = [selectStar, orderedWhole, offset, countWhole, orderRandom, distinctNeedless];

