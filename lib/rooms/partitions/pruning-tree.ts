import { isTree, namesOf, type Tree } from '@/lib/pg/parser';

/** A partitioned table as statements name it. */
export type Keyed = {
  id: string; tab: string; schema_name: string; rel_name: string; strategy: string; leaf_count: number;
  /** Key columns with their types, in order; a key with an expression in it is not judged. */
  columns: { name: string; type: string }[];
  /** How many relations of any schema have this name. */
  namesakes: number;
  /** To plan a statement over all of its partitions locks these and their indexes: so few that it does not crowd out others. */
  lockable: boolean;
};

type Named = { schema: string | null; name: string };

/** What a statement says, gathered once: whom its names mean, what it asks of rows, and in which order it wants them. */
export type Reading = {
  /** Relations read or changed row by row; not the target of an INSERT. */
  relations: Named[];
  /** What each alias or name may stand for. */
  aliases: Map<string, Named[]>;
  conditions: unknown[];
  /** Columns that joins make equal by name. */
  using: string[];
  natural: boolean;
  /** ORDER BY of a SELECT that has a LIMIT. */
  limited: unknown[];
};

/** Everything in a statement that could let the planner leave partitions out, at whatever level: pushing conditions down is its affair. */
export function readStatement(statement: Tree): Reading {
  const reading: Reading = { relations: [], aliases: new Map(), conditions: [], using: [], natural: false, limited: [] };
  const common = new Set<string>();
  gather(statement, '', (kind, node) => {
    if (kind === 'CommonTableExpr') common.add(String(node['ctename']));
  });
  gather(statement, '', (kind, node) => {
    if (kind === 'RangeVar' || kind === 'relation') addRelation(node, reading, common);
    else if (kind === 'RangeSubselect' || kind === 'RangeFunction') addAlias(node, { schema: null, name: '' }, reading);
    for (const key of ['whereClause', 'quals', 'havingClause', 'joinCondition']) if (node[key] !== undefined) reading.conditions.push(node[key]);
    reading.using.push(...namesOf(node['usingClause']));
    if (node['isNatural'] === true) reading.natural = true;
    if (node['limitCount'] !== undefined && Array.isArray(node['sortClause'])) reading.limited.push(...node['sortClause']);
  });
  return reading;
}

/** Every node; what a clause merely names again (FOR UPDATE OF) and the table that an INSERT fills are left out. */
function gather(value: unknown, under: string, visit: (kind: string, node: Tree) => void): void {
  const waiting: [unknown, string][] = [[value, under]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [current, kind] = next;
    if (Array.isArray(current)) waiting.push(...current.map((item): [unknown, string] => [item, kind]));
    else if (isTree(current)) {
      for (const [key, inner] of Object.entries(current)) {
        if (key === 'lockedRels' || key === 'intoClause' || (kind === 'InsertStmt' && key === 'relation')) continue;
        if (isTree(inner)) visit(key, inner);
        if (typeof inner === 'object' && inner !== null) waiting.push([inner, Array.isArray(inner) ? '' : key]);
      }
    }
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function addRelation(node: Tree, reading: Reading, common: ReadonlySet<string>): void {
  const name = textOf(node['relname']);
  if (name === null) return;
  const schema = textOf(node['schemaname']);
  const meant = schema === null && common.has(name) ? { schema: null, name: '' } : { schema, name };
  // ONLY reads the partitioned table itself, which is empty.
  if (node['inh'] === true && meant.name !== '') reading.relations.push(meant);
  addAlias(node, meant, reading, name);
}

function addAlias(node: Tree, meant: Named, reading: Reading, otherwise?: string): void {
  const alias = isTree(node['alias']) ? textOf(node['alias']['aliasname']) : null;
  const key = alias ?? otherwise;
  if (key !== undefined) reading.aliases.set(key, [...(reading.aliases.get(key) ?? []), meant]);
}

/** Certainly this table: by its schema, or because no other relation has the name. */
export const names = (table: Keyed, { schema, name }: Named): boolean => name === table.rel_name && (schema === null ? table.namesakes === 1 : schema === table.schema_name);

/** The column that a node is, with what stands before its name. */
export function columnIn(node: unknown): { qualifier: string | null; name: string } | null {
  if (!isTree(node) || !isTree(node['ColumnRef'])) return null;
  const parts = namesOf(node['ColumnRef']['fields']);
  const name = parts.at(-1);
  const fields = node['ColumnRef']['fields'];
  return name === undefined || (Array.isArray(fields) && fields.length !== parts.length) ? null : { qualifier: parts.at(-2) ?? null, name };
}

/** May the column of this name be the table's? An alias of another relation says no; no alias leaves it open. */
export function mayBe(table: Keyed, reading: Reading, column: { qualifier: string | null; name: string }, wanted: string): boolean {
  if (column.name !== wanted) return false;
  const meant = column.qualifier === null ? undefined : reading.aliases.get(column.qualifier);
  return meant === undefined || meant.some((one) => one.name === '' || names(table, one));
}
