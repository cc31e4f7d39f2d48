import { quoteName, type Tree } from '@/lib/pg/parser';
import { hasOtherWay, indexOn, isValue, searchIndex, type Block, type Owned } from './block';
import { createIndex, eachCondition } from './each';
import { isBig, scanOf, type Rule, type Subject } from './rule';
import { aggregated, and, as, become, changed, copy, listOf, operatorOf } from './tree';

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

export const orRules: Rule[] = [orColumns, optionalFilter];
