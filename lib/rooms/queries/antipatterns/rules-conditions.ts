import { namesOf, quoteName, walk, type Tree } from '@/lib/pg/parser';
import { hasOtherWay, isValue, searchIndex, type Block, type Item, type Owned } from './block';
import type { Table } from './catalog';
import { createIndex, eachCondition } from './each';
import { isBig, scanOf, type Match, type Rule } from './rule';
import { and, as, become, changed, columnNames, comparison, copy, integer, kindOf, listOf, operatorOf, renumber, textOf } from './tree';

const trigrams = (item: Item, column: string): boolean => item.table?.indexes.some(({ method, columns, classes }) => ['gin', 'gist'].includes(method) && columns.some((name, at) => name === column && /trgm|bigm/.test(classes[at] ?? ''))) ?? false;

/** The text that a pattern begins with, where it can be seen: `'%x'`, or `'%' || …`. */
function patternStart(tree: unknown): string | null {
  const joined = as('A_Expr', tree);
  return joined && operatorOf(joined) === '||' ? patternStart(joined['lexpr']) : textOf(tree);
}

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

export const conditionRules: Rule[] = [leadingWildcard, ilike, hiddenBy, implicitCast, longIn];
