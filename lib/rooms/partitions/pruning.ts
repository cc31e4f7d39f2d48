import { isTree, namesOf, walk, type Tree } from '@/lib/pg/parser';
import { columnIn, mayBe, names, readStatement, type Keyed, type Reading } from './pruning-tree';

/** Why every partition is touched. */
export type Unpruned = { why: 'no condition on the key' | 'key inside a function or cast' | 'row comparison' | 'one side of OR only' | 'not equality on every key column' | 'order only'; detail: string | null };

/** `exact`: equality alone counts, as for hash partitions. */
type Asked = { table: Keyed; reading: Reading; column: { name: string; type: string }; exact: boolean };

const ordering = new Set(['<', '<=', '=', '>=', '>']);
const texts = new Set(['text', 'varchar', 'character varying']);

/**
 * The partitioned tables of which a statement touches every partition, by its text alone. Wherever the text leaves it open (a join on the key, a column that might be the
 * key, a condition outside a subquery that the planner may push in), the statement is not accused.
 */
export function unprunedIn(statement: Tree, tables: readonly Keyed[]): { table: Keyed; found: Unpruned }[] {
  if (!['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].includes(Object.keys(statement)[0] ?? '')) return [];
  const reading = readStatement(statement);
  return tables
    .filter((table) => reading.relations.some((relation) => names(table, relation)))
    .flatMap((table) => {
      const found = judge(table, reading);
      return found ? [{ table, found }] : [];
    });
}

function judge(table: Keyed, reading: Reading): Unpruned | null {
  const [first] = table.columns;
  if (!first || reading.natural) return null;
  const hash = table.strategy === 'h';
  const needed = hash ? table.columns : [first];
  const open = needed.find((column) => !reading.using.includes(column.name) && !reading.conditions.some((condition) => prunes(condition, { table, reading, column, exact: hash })));
  if (!open) return null;
  return reasonOf({ table, reading, column: open, exact: hash });
}

/** Could the planner, or the executor once it knows the values, leave partitions out by this condition? */
function prunes(condition: unknown, asked: Asked): boolean {
  if (!isTree(condition)) return false;
  const [kind = '', node] = Object.entries(condition)[0] ?? [];
  if (!isTree(node)) return false;
  switch (kind) {
    case 'BoolExpr':
      return prunesJoined(node, asked);
    case 'A_Expr':
      return prunesCompared(node, asked);
    case 'NullTest':
      return node['nulltesttype'] === 'IS_NULL' && isKey(node['arg'], asked);
    case 'BooleanTest':
      return isKey(node['arg'], asked);
    case 'SubLink':
      // IN (SELECT …) becomes a join on the key; what is inside is read as a condition of its own.
      return holdsKey(node['testexpr'], asked);
    default:
      return isKey(condition, asked);
  }
}

function prunesJoined({ boolop, args }: Tree, asked: Asked): boolean {
  const list = Array.isArray(args) ? args : [];
  return boolop === 'OR_EXPR' ? list.length > 0 && list.every((arm) => prunes(arm, asked)) : list.some((arm) => prunes(arm, asked));
}

function prunesCompared({ kind, name, lexpr, rexpr }: Tree, asked: Asked): boolean {
  const operator = namesOf(name).at(-1) ?? '';
  const [left, right] = [rowOf(lexpr), rowOf(rexpr)];
  if (left || right) return (kind === 'AEXPR_IN' || operator === '=') && [...(left ?? []), ...(right ?? [])].some((item) => isKey(item, asked));
  const key = isKey(lexpr, asked) ? rexpr : isKey(rexpr, asked) ? lexpr : undefined;
  if (key === undefined) return false;
  const equal = operator === '=' || (operator === '<>' && asked.table.strategy === 'l');
  switch (kind) {
    case 'AEXPR_OP':
      return (equal || (ordering.has(operator) && !asked.exact)) && !ownColumnIn(key, asked);
    case 'AEXPR_IN':
      return equal;
    case 'AEXPR_OP_ANY':
      return equal || (ordering.has(operator) && !asked.exact);
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return false;
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return !asked.exact;
    default:
      return true;
  }
}

const rowOf = (node: unknown): unknown[] | null => (isTree(node) && isTree(node['RowExpr']) && Array.isArray(node['RowExpr']['args']) ? node['RowExpr']['args'] : null);

/** The key column itself, or under a cast that changes nothing. */
function isKey(node: unknown, asked: Asked): boolean {
  const column = columnIn(node);
  if (column) return mayBe(asked.table, asked.reading, column, asked.column.name);
  if (!isTree(node)) return false;
  if (isTree(node['CollateClause'])) return isKey(node['CollateClause']['arg'], asked);
  const cast = node['TypeCast'];
  return isTree(cast) && isKey(cast['arg'], asked) && sameType(castTo(cast), asked.column.type);
}

const castTo = (cast: Tree): string => (isTree(cast['typeName']) ? namesOf(cast['typeName']['names']).at(-1) ?? '' : '');

const spelled: Record<string, string> = { int2: 'smallint', int4: 'integer', int8: 'bigint', timestamptz: 'timestamp with time zone', timestamp: 'timestamp without time zone', bool: 'boolean', float8: 'double precision', varchar: 'character varying', bpchar: 'character' };

const sameType = (written: string, type: string): boolean => (spelled[written] ?? written) === type || (texts.has(spelled[written] ?? written) && texts.has(type));

/** A column that is certainly of the same table: comparing two columns of one row leaves no partition out. */
function ownColumnIn(node: unknown, { table, reading }: Asked): boolean {
  let own = false;
  walk([{ whole: node }], (kind, inner) => {
    if (kind !== 'ColumnRef') return;
    const column = columnIn({ ColumnRef: inner });
    if (!column) return;
    const meant = column.qualifier === null ? (reading.relations.length === 1 ? reading.relations : []) : (reading.aliases.get(column.qualifier) ?? []);
    if (meant.length > 0 && meant.every((one) => names(table, one))) own = true;
  });
  return own;
}

function holdsKey(node: unknown, asked: Asked): boolean {
  let holds = false;
  walk([{ whole: node }], (kind, inner) => {
    if (kind === 'ColumnRef' && isKey({ ColumnRef: inner }, asked)) holds = true;
  });
  return holds;
}

function reasonOf(asked: Asked): Unpruned {
  const wrapped = asked.reading.conditions.map((condition) => wrapping(condition, asked)).find((found) => found !== null);
  if (wrapped) return wrapped;
  const { column, exact, reading, table } = asked;
  if (exact && (table.columns.length > 1 || reading.conditions.some((condition) => holdsKey(condition, asked)))) return { why: 'not equality on every key column', detail: table.columns.map(({ name }) => name).join(', ') };
  if (reading.conditions.some((condition) => prunesInPart(condition, asked))) return { why: 'one side of OR only', detail: column.name };
  const ordered = reading.limited.some((item) => isTree(item) && isTree(item['SortBy']) && isKey(item['SortBy']['node'], asked));
  return ordered ? { why: 'order only', detail: column.name } : { why: 'no condition on the key', detail: null };
}

function prunesInPart(condition: unknown, asked: Asked): boolean {
  if (!isTree(condition) || !isTree(condition['BoolExpr'])) return false;
  const { boolop, args } = condition['BoolExpr'];
  const list = Array.isArray(args) ? args : [];
  return boolop === 'OR_EXPR' ? list.some((arm) => prunes(arm, asked) || prunesInPart(arm, asked)) : list.some((arm) => prunesInPart(arm, asked));
}

/** What the key is wrapped into, where it stands in a comparison but not by itself. */
function wrapping(condition: unknown, asked: Asked): Unpruned | null {
  let found: Unpruned | null = null;
  walk([{ whole: condition }], (kind, node) => {
    if (kind === 'A_Expr') found ??= wrappedIn(node, asked);
  });
  walk([{ whole: condition }], (kind, node) => {
    if (kind === 'FuncCall' && holdsKey(node['args'], asked)) found ??= inside({ FuncCall: node }, asked);
  });
  return found;
}

const inside = (node: Tree, { column }: Asked): Unpruned => {
  const [call, cast] = [node['FuncCall'], node['TypeCast']];
  const detail = isTree(call) ? `${namesOf(call['funcname']).at(-1) ?? ''}(${column.name})` : isTree(cast) ? `${column.name}::${castTo(cast)}` : `an expression of ${column.name}`;
  return { why: 'key inside a function or cast', detail };
};

function wrappedIn({ kind, name, lexpr, rexpr }: Tree, asked: Asked): Unpruned | null {
  const rows = [...(rowOf(lexpr) ?? []), ...(rowOf(rexpr) ?? [])];
  if (rows.length > 0) return rows.some((item) => isKey(item, asked)) ? { why: 'row comparison', detail: asked.column.name } : null;
  if (kind === 'AEXPR_OP' && !ordering.has(namesOf(name).at(-1) ?? '')) return null;
  if (isKey(lexpr, asked) || isKey(rexpr, asked)) return null;
  const side = [lexpr, rexpr].find((one) => isTree(one) && holdsKey(one, asked));
  return isTree(side) ? inside(side, asked) : null;
}
