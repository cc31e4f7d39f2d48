import { namesOf, quoteName, walk, type Tree } from '@/lib/pg/parser';
import { hasOtherWay, indexOn, isValue, searchIndex, type Block, type Item, type Owned } from './block';
import type { Table } from './catalog';
import { isBig, scanOf, type Match, type Rule, type Subject } from './rule';
import { aggregated, and, as, columnNames, comparison, copy, integer, kindOf, listOf, operatorOf, renumber, textOf } from './tree';

/** Something about one condition of one query. */
const eachCondition = (find: (condition: Tree, block: Block, subject: Subject) => Match | null) => (subject: Subject): Match[] =>
  subject.blocks.flatMap((block) => block.conditions.flatMap((condition) => find(condition, block, subject) ?? []));

/** The statement with one of its nodes changed: found in the copy by the way that leads to it. */
function changed(statement: Tree, node: Tree, change: (copied: Tree) => void): Tree | null {
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

const become = (copied: Tree, next: Tree): void => {
  for (const key of Object.keys(copied)) delete copied[key];
  Object.assign(copied, next);
};

const trigrams = (item: Item, column: string): boolean => item.table?.indexes.some(({ method, columns, classes }) => ['gin', 'gist'].includes(method) && columns.some((name, at) => name === column && /trgm|bigm/.test(classes[at] ?? ''))) ?? false;

/** The text that a pattern begins with, where it can be seen: `'%x'`, or `'%' || …`. */
function patternStart(tree: unknown): string | null {
  const joined = as('A_Expr', tree);
  return joined && operatorOf(joined) === '||' ? patternStart(joined['lexpr']) : textOf(tree);
}

/** A partitioned table takes no CONCURRENTLY: it is locked against writes until the index is there. */
const createIndex = ({ kind, shown }: Table, rest: string): string => (kind === 'p' ? `-- locks the table and its partitions against writes meanwhile\nCREATE INDEX ON ${shown} ${rest};` : `CREATE INDEX CONCURRENTLY ON ${shown} ${rest};`);

const trigramIndex = (table: Table, column: string): string => `-- for patterns of three characters and more; it costs at every write\nCREATE EXTENSION IF NOT EXISTS pg_trgm;\n${createIndex(table, `USING gin (${quoteName(column)} gin_trgm_ops)`)}`;

type Like = { owned: Owned; table: Table; start: string | null; insensitive: boolean };

function likeIn(condition: Tree, block: Block): Like | null {
  const expression = as('A_Expr', condition);
  if (!expression || !['AEXPR_LIKE', 'AEXPR_ILIKE'].includes(String(expression['kind'])) || !['~~', '~~*'].includes(operatorOf(expression))) return null;
  const owned = block.owner(expression['lexpr']);
  if (!owned || !isBig(owned.item.table) || trigrams(owned.item, owned.column) || hasOtherWay(block, owned.item, condition)) return null;
  return { owned, table: owned.item.table, start: patternStart(expression['rexpr']), insensitive: expression['kind'] === 'AEXPR_ILIKE' };
}

const leadingWildcard: Rule = {
  name: 'leading_wildcard',
  title: 'LIKE that begins with a wildcard',
  why: 'A B-tree is in the order of the first characters: without them every row is read.',
  find: eachCondition((condition, block) => {
    const like = likeIn(condition, block);
    const start = like?.start ?? '';
    // '%' alone is true of every text.
    const isAll = /^%*$/.test(start) && !as('A_Expr', as('A_Expr', condition)?.['rexpr']);
    if (!like || !/^[%_]/.test(start) || isAll) return null;
    const { table, owned: { column } } = like;
    const { reads, certainty } = scanOf(block, table);
    return { says: `The pattern for ${column} begins with a wildcard and nothing else in the statement leads to some rows: ${reads}.`, certainty, helps: trigramIndex(table, column), note: 'The statement can stay: a trigram index serves it.' };
  }),
};

const ilike: Rule = {
  name: 'ilike',
  title: 'ILIKE without a trigram index',
  why: 'No B-tree on the column is in an order that ignores case: every row is read.',
  find: eachCondition((condition, block) => {
    const like = likeIn(condition, block);
    if (!like?.insensitive || /^[%_]/.test(like.start ?? '')) return null;
    const { table, owned: { column } } = like;
    return { says: `No index serves ILIKE on ${column} and nothing else in the statement leads to some rows: ${scanOf(block, table).reads}. A pattern that begins with a digit or sign is the exception.`, certainty: 'likely', helps: trigramIndex(table, column), note: 'The statement can stay: a trigram index serves it.' };
  }),
};

type Wrapped = { owned: Owned; column: Tree; kind: string; node: Tree };

/** One column, and nothing else that is read, inside a function, cast or arithmetic. */
function wrappedColumn(tree: unknown, block: Block): Wrapped | null {
  const kind = kindOf(tree);
  if (!['FuncCall', 'TypeCast', 'A_Expr', 'CoalesceExpr'].includes(kind)) return null;
  const node = as(kind, tree);
  const columns: Tree[] = [];
  let hasQuery = false;
  walk({ tree }, (inner, found) => {
    if (inner === 'ColumnRef') columns.push({ ColumnRef: found });
    if (inner === 'SubLink') hasQuery = true;
  });
  const [column] = columns;
  const owned = columns.length === 1 && !hasQuery ? block.owner(column) : null;
  return node && column && owned ? { owned, column, kind, node } : null;
}

const comparing = new Set(['=', '<', '<=', '>', '>=']);
const flip: Record<string, string> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

type Hidden = Wrapped & { operator: string; value: Tree; table: Table; index: string };

/** `f(column) = value`, with an index on the column that it hides, and nothing else that leads to the rows. */
function hiddenColumn(condition: Tree, block: Block): Hidden | null {
  const expression = as('A_Expr', condition);
  if (expression?.['kind'] !== 'AEXPR_OP' || !comparing.has(operatorOf(expression))) return null;
  const { lexpr, rexpr } = expression as { lexpr: Tree; rexpr: Tree };
  const operator = operatorOf(expression);
  const [left, right] = [wrappedColumn(lexpr, block), wrappedColumn(rexpr, block)];
  const found = left && isValue(rexpr) ? { ...left, operator, value: rexpr } : right && isValue(lexpr) ? { ...right, operator: flip[operator] ?? operator, value: lexpr } : null;
  if (!found) return null;
  const { item, column } = found.owned;
  const index = isBig(item.table) ? searchIndex(item.table, column) : null;
  if (!isBig(item.table) || index === null || hasOtherWay(block, item, condition)) return null;
  // An index with an expression may be just this one.
  const mayFit = item.table.indexes.some(({ columns, expressions }) => columns.includes(null) && (expressions === null || expressions.includes(column)));
  return mayFit ? null : { ...found, table: item.table, index };
}

const typeOf = (owned: Owned): string => owned.item.table?.columns.find(({ name }) => name === owned.column)?.type ?? '';
const castTo = (cast: Tree): string => namesOf(as('TypeName', { TypeName: cast['typeName'] })?.['names']).at(-1) ?? '';

/** `date(column)` or `column::date`. */
function isDay({ kind, node }: Wrapped): boolean {
  if (kind === 'TypeCast') return castTo(node) === 'date' && columnNames(node['arg']) !== null;
  return kind === 'FuncCall' && namesOf(node['funcname']).at(-1) === 'date' && listOf(node['args']).length === 1 && columnNames(listOf(node['args'])[0]) !== null;
}

const asDate = (value: Tree): Tree => (as('TypeCast', value) || as('SQLValueFunction', value) ? value : { TypeCast: { arg: value, typeName: { names: [{ String: { sval: 'date' } }], typemod: -1 } } });
const nextDay = (value: Tree): Tree => comparison('+', asDate(value), integer(1));

const isDateValue = (value: Tree): boolean => as('ParamRef', value) !== null || textOf(value) !== null && !as('TypeCast', value) || castTo(as('TypeCast', value) ?? {}) === 'date' || as('SQLValueFunction', value)?.['op'] === 'SVFOP_CURRENT_DATE';

/** A day as what lies in it: the column alone on its side. */
function dayRange({ column, operator, value }: Hidden): Tree[] {
  switch (operator) {
    case '=': return [comparison('>=', column, asDate(value)), comparison('<', copy(column), nextDay(copy(value)))];
    case '>=': return [comparison('>=', column, asDate(value))];
    case '>': return [comparison('>=', column, nextDay(value))];
    case '<=': return [comparison('<', column, nextDay(value))];
    default: return [comparison('<', column, asDate(value))];
  }
}

/** Functions of the server that give the same for the same, whatever the session's settings. */
const immutable = new Set(['lower', 'upper', 'md5', 'length', 'char_length', 'abs', 'btrim', 'ltrim', 'rtrim', 'initcap', 'reverse']);

function expressionIndex({ kind, node, table, owned: { column } }: Hidden): string | null {
  const name = namesOf(node['funcname']).at(-1) ?? '';
  if (kind !== 'FuncCall' || !immutable.has(name) || listOf(node['args']).length !== 1 || columnNames(listOf(node['args'])[0]) === null) return null;
  return `-- costs at every write of the column\n${createIndex(table, `(${name}(${quoteName(column)}))`)}`;
}

const what = ({ kind, node }: Wrapped): string => {
  if (kind === 'FuncCall') return `${namesOf(node['funcname']).at(-1) ?? ''}(…)`;
  if (kind === 'TypeCast') return `the cast to ${castTo(node)}`;
  return kind === 'CoalesceExpr' ? 'coalesce(…)' : `the operator ${operatorOf(node)}`;
};

const hiddenBy: Rule = {
  name: 'function_on_column',
  title: 'An indexed column inside an expression',
  why: 'An index holds the column, not what a function makes of it: it is left aside and every row is read.',
  find: eachCondition((condition, block, { statement }) => {
    const hidden = hiddenColumn(condition, block);
    if (!hidden) return null;
    const { table, index: hiddenIndex, owned: { column } } = hidden;
    const type = typeOf(hidden.owned);
    const isMoment = type === 'timestamp without time zone' || type === 'timestamp with time zone';
    const tree = isDay(hidden) && isMoment && isDateValue(hidden.value) ? changed(statement, condition, (copied) => become(copied, and(dayRange(copy(hidden))) ?? {})) : null;
    const zone = type === 'timestamp with time zone' ? 'The same rows, days being those of the session’s TimeZone as before; where clocks are set back over midnight, as in Havana, that hour counts once, and infinity is no day.' : 'The same rows, for all days but infinity.';
    const index = expressionIndex(hidden);
    const { reads, certainty } = scanOf(block, table);
    return {
      says: `${what(hidden)} keeps ${hiddenIndex}, the index on ${column}, from being used: ${reads}.`,
      certainty, rewrite: tree, helps: tree ? null : index,
      note: tree ? zone : index ? 'The statement can stay: an index on the expression serves it.' : `Write the condition so that ${column} stands alone on its side.`,
    };
  }),
};

const integers = new Set(['smallint', 'integer', 'bigint']);
const fractions = new Set(['numeric', 'float4', 'float8']);

/** Whether a value has a type to which the column would have to be cast. */
function wider(value: Tree, type: string): string | null {
  const cast = as('TypeCast', value);
  if (integers.has(type)) {
    if (cast && fractions.has(castTo(cast))) return castTo(cast);
    return as('A_Const', value)?.['fval'] ? 'numeric' : null;
  }
  return type === 'character' && cast && ['text', 'varchar'].includes(castTo(cast)) ? castTo(cast) : null;
}

const implicitCast: Rule = {
  name: 'implicit_cast',
  title: 'A comparison that casts the column',
  why: 'The value has a wider type than the column, so every row’s value is cast before it is compared, and the index is left aside.',
  find: eachCondition((condition, block, { statement }) => {
    const expression = as('A_Expr', condition);
    if (expression?.['kind'] !== 'AEXPR_OP' || !comparing.has(operatorOf(expression))) return null;
    const side = block.owner(expression['lexpr']) ? 'rexpr' : 'lexpr';
    const owned = block.owner(side === 'rexpr' ? expression['lexpr'] : expression['rexpr']);
    const value = expression[side] as Tree;
    const type = owned ? typeOf(owned) : '';
    const to = owned && isValue(value) ? wider(value, type) : null;
    if (!owned || !to || !isBig(owned.item.table) || searchIndex(owned.item.table, owned.column) === null || hasOtherWay(block, owned.item, condition)) return null;
    const { reads, certainty } = scanOf(block, owned.item.table);
    const constant = as('A_Const', value);
    const written = String((constant?.['fval'] as Tree | undefined)?.['fval'] ?? '');
    const whole = /^\d{1,9}\.0*$/.test(written) ? changed(statement, value, (copied) => become(copied, integer(Number(written)))) : null;
    return {
      says: `${owned.column} is ${type} and is compared with ${to}: each of its values is cast to ${to}, ${searchIndex(owned.item.table, owned.column)} cannot be used, and ${reads}.`,
      certainty, rewrite: whole,
      note: whole ? 'The same rows.' : integers.has(type) ? 'Send the value as bigint. A value with a fraction, which no row equals, has to be left out or rounded by the caller.' : 'Send the value as bpchar: blanks at its end then do not count.',
    };
  }),
};

const longIn: Rule = {
  name: 'long_in',
  title: 'IN with a very long list',
  why: 'Each length of the list is another statement, parsed and planned anew, and one more entry in pg_stat_statements before PostgreSQL 18.',
  find: ({ statement, kind }) => {
    const found: Match[] = [];
    walk(statement, (inner, node) => {
      const items = inner === 'A_Expr' && node['kind'] === 'AEXPR_IN' ? listOf(as('List', node['rexpr'])?.['items']) : [];
      if (items.length < 100 || !items.every((item) => as('ParamRef', item) ?? as('A_Const', item))) return;
      const isNot = operatorOf(node) === '<>';
      const [first] = items;
      const tree = items.every((item) => as('ParamRef', item)) && first && kind !== '' ? changed(statement, node, (copied) => Object.assign(copied, { kind: isNot ? 'AEXPR_OP_ALL' : 'AEXPR_OP_ANY', rexpr: copy(first) })) : null;
      if (tree) renumber(tree);
      found.push({ says: `The list has ${items.length} values.`, certainty: 'sure', rewrite: tree, note: tree ? 'The same rows: the parameter is then one array with all the values.' : 'Send the values as one array parameter: = ANY ($1).' });
    });
    return found;
  },
};

type Arm = { tree: Tree; owned: Owned };

/** The arms of an OR, where each compares one column with a value. */
function armsOf(condition: Tree, block: Block): Arm[] | null {
  const bool = as('BoolExpr', condition);
  if (bool?.['boolop'] !== 'OR_EXPR') return null;
  const arms = listOf(bool['args']).map((tree): Arm | null => {
    const expression = as('A_Expr', tree);
    if (!expression || !['AEXPR_OP', 'AEXPR_IN', 'AEXPR_OP_ANY'].includes(String(expression['kind'])) || operatorOf(expression) !== '=' || !isValue(expression['rexpr'])) return null;
    const owned = block.owner(expression['lexpr']);
    return owned ? { tree, owned } : null;
  });
  return arms.every((arm): arm is Arm => arm !== null) ? arms : null;
}

/** One query for each arm: the second without the rows of the first, so that no row comes twice and none gets lost. */
function unionOf({ statement, node, kind }: Subject, block: Block, condition: Tree, [first, second]: [Arm, Arm]): Tree | null {
  const isPlain = kind === 'SelectStmt' && node === block.node && node['op'] === 'SETOP_NONE' && !aggregated(node) && !['sortClause', 'limitCount', 'limitOffset', 'distinctClause', 'lockingClause', 'withClause', 'intoClause'].some((key) => node[key]);
  const [one, other] = isPlain ? [changed(statement, condition, (copied) => become(copied, copy(first.tree))), changed(statement, condition, (copied) => become(copied, and([copy(second.tree), { BooleanTest: { arg: copy(first.tree), booltesttype: 'IS_NOT_TRUE' } }]) ?? {}))] : [];
  const [larg, rarg] = [as('SelectStmt', one), as('SelectStmt', other)];
  return larg && rarg ? { SelectStmt: { limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_UNION', all: true, larg, rarg } } : null;
}

const orColumns: Rule = {
  name: 'or_columns',
  title: 'OR over different columns',
  why: 'One index leads to one column: where an arm has none, or belongs to another table, every row is read for it.',
  find: eachCondition((condition, block, subject) => {
    const arms = armsOf(condition, block);
    const [first, second] = arms ?? [];
    if (!arms || !first || !second) return null;
    const items = [...new Set(arms.map(({ owned }) => owned.item))];
    if (!items.some(({ table }) => isBig(table)) || new Set(arms.map(({ owned }) => `${items.indexOf(owned.item)} ${owned.column}`)).size < 2) return null;
    if (items.some((item) => hasOtherWay(block, item, condition) && items.length === 1)) return null;
    if (items.length > 1) {
      if (!items.every(({ table }) => isBig(table)) || block.outer || block.opaque) return null;
      const tree = arms.length === 2 ? unionOf(subject, block, condition, [first, second]) : null;
      return { says: `${arms.map(({ owned }) => `${owned.item.alias}.${owned.column}`).join(' or ')}: no index of one table serves both, so the tables are joined whole and filtered then.`, certainty: 'likely', rewrite: tree, note: tree ? 'The same rows, in any order: each part can begin with its own index.' : 'One query for each arm, joined by UNION ALL, the second with AND (first arm) IS NOT TRUE.' };
    }
    const table = items[0]?.table;
    const without = table ? arms.filter(({ owned }) => indexOn(table, owned.column) === null) : [];
    if (!table || without.length === 0 || without.length === arms.length) return null;
    const names = [...new Set(without.map(({ owned }) => owned.column))];
    return { says: `${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} no index, so the index of the other column does not help: ${scanOf(block, table).reads}.`, certainty: 'likely', helps: names.map((name) => createIndex(table, `(${quoteName(name)})`)).join('\n'), note: 'The statement can stay: with an index for each column the server combines them (BitmapOr). It is worth its cost at every write only where few rows have such a value.' };
  }),
};

const optionalFilter: Rule = {
  name: 'optional_filter',
  title: 'A filter that a parameter switches off',
  why: 'One plan for all values has to serve the case that the filter is off, so a generic plan reads every row.',
  find: eachCondition((condition, block) => {
    const bool = as('BoolExpr', condition);
    if (bool?.['boolop'] !== 'OR_EXPR') return null;
    const arms = listOf(bool['args']);
    const off = arms.map((arm) => as('NullTest', arm)).find((test) => test?.['nulltesttype'] === 'IS_NULL');
    const number = parameterIn(off?.['arg']);
    const on = arms.map((arm) => as('A_Expr', arm)).find((arm) => arm && parameterIn(arm['rexpr']) === number);
    const owned = on ? block.owner(on['lexpr']) : null;
    if (arms.length !== 2 || number === null || !owned || !isBig(owned.item.table) || searchIndex(owned.item.table, owned.column) === null || hasOtherWay(block, owned.item, condition)) return null;
    return { says: `With a generic plan ${searchIndex(owned.item.table, owned.column)} cannot be used for ${owned.column}, whether $${number} is set or not.`, certainty: 'likely', note: 'Let the application leave the condition out when there is no value, or plan it for its values each time (plan_cache_mode = force_custom_plan, or a statement without a name).' };
  }),
};

function parameterIn(tree: unknown): number | null {
  const cast = as('TypeCast', tree);
  if (cast) return parameterIn(cast['arg']);
  const found = as('ParamRef', tree);
  return found ? Number(found['number'] ?? 0) : null;
}

export const conditionRules: Rule[] = [leadingWildcard, ilike, hiddenBy, implicitCast, longIn, orColumns, optionalFilter];

export { changed, become };
