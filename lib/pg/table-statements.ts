import 'server-only';
import { isTree, namesOf, parseSql, type Tree } from './parser';
import type { CheckedText } from './sql';

type Named = { schema: string; rel: string };

/** A table as statements say it: those that make it, its constraints and indexes, and what ties it to others. */
export type TableStatements = {
  create: CheckedText;
  /** Constraints and indexes. */
  own: CheckedText[];
  /** Triggers, owner, grants. */
  belongs: CheckedText[];
  references: { text: CheckedText; name: string; /** Its rows have been proved, or have to be. */ valid: boolean; to: Named }[];
  /** `bound` as the catalog writes it: `FOR VALUES …`. */
  attach: { parent: Named; bound: string } | null;
  primary_key: string[];
  identities: string[];
  /** Names of the indexes that it will have. */
  indexes: string[];
  /** Names of its CHECKs. */
  checks: string[];
  roles: string[];
};

const treeOf = (value: unknown, key: string): Tree => (isTree(value) && isTree(value[key]) ? value[key] : {});
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const nameOf = (relation: unknown): Named => (isTree(relation) ? { schema: String(relation['schemaname'] ?? ''), rel: String(relation['relname'] ?? '') } : { schema: '', rel: '' });

class Strayed extends Error {}

const only = async (text: string): Promise<Tree> => {
  const parsed = await parseSql(text);
  const [first, ...others] = 'statements' in parsed ? parsed.statements : [];
  if (!first || others.length > 0) throw new Strayed(text);
  return first;
};

/** The one command of an ALTER TABLE of this table. */
function commandOf(statement: Tree): { of: Named; command: Tree } {
  const alter = treeOf(statement, 'AlterTableStmt');
  const [command, ...others] = listOf(alter['cmds']);
  return { of: nameOf(alter['relation']), command: others.length > 0 ? {} : treeOf(command, 'AlterTableCmd') };
}

function readCreate(statement: Tree, isOwn: (of: Named) => boolean, into: TableStatements): boolean {
  const { relation, tableElts, oncommit, options: _, ...more } = treeOf(statement, 'CreateStmt');
  const columns = listOf(tableElts).map((element) => treeOf(element, 'ColumnDef'));
  const isPlain = ['p', 'u'].includes(String(isTree(relation) ? relation['relpersistence'] : '')) && oncommit === 'ONCOMMIT_NOOP' && Object.keys(more).length === 0;
  for (const column of columns) {
    if (listOf(column['constraints']).some((one) => treeOf(one, 'Constraint')['contype'] === 'CONSTR_IDENTITY')) into.identities.push(String(column['colname']));
  }
  return isPlain && isOwn(nameOf(relation)) && columns.every((column) => typeof column['colname'] === 'string');
}

function readOwn(statement: Tree, isOwn: (of: Named) => boolean, into: TableStatements): boolean {
  const index = treeOf(statement, 'IndexStmt');
  if (typeof index['idxname'] === 'string') {
    into.indexes.push(index['idxname']);
    return isOwn(nameOf(index['relation'])) && index['concurrent'] !== true;
  }
  const { of, command } = commandOf(statement);
  const { contype, conname, keys } = treeOf(command['def'], 'Constraint');
  if (contype === 'CONSTR_CHECK') into.checks.push(String(conname));
  else into.indexes.push(String(conname));
  if (contype === 'CONSTR_PRIMARY') into.primary_key = namesOf(keys);
  return isOwn(of) && command['subtype'] === 'AT_AddConstraint' && ['CONSTR_CHECK', 'CONSTR_PRIMARY', 'CONSTR_UNIQUE', 'CONSTR_EXCLUSION'].includes(String(contype));
}

const roleOf = (spec: unknown): string[] => (isTree(spec) && spec['roletype'] === 'ROLESPEC_CSTRING' ? [String(spec['rolename'])] : []);

function readAltered(statement: Tree, text: CheckedText, into: TableStatements): Named | null {
  const { of, command } = commandOf(statement);
  if (command['subtype'] === 'AT_ChangeOwner') {
    into.roles.push(...roleOf(command['newowner']));
    into.belongs.push(text);
    return of;
  }
  if (command['subtype'] === 'AT_AttachPartition') {
    const { name, bound } = treeOf(command['def'], 'PartitionCmd');
    // The grammar counts in bytes, and from the word behind VALUES.
    const at = isTree(bound) ? Number(bound['location']) : Number.NaN;
    if (Number.isNaN(at) || into.attach) return null;
    into.attach = { parent: of, bound: `FOR VALUES ${Buffer.from(text).subarray(at).toString()}` };
    return nameOf(name);
  }
  const { contype, conname, pktable, initially_valid: valid, skip_validation: skips } = treeOf(command['def'], 'Constraint');
  if (command['subtype'] !== 'AT_AddConstraint' || contype !== 'CONSTR_FOREIGN') return null;
  into.references.push({ text, name: String(conname), valid: valid === true && skips !== true, to: nameOf(pktable) });
  return of;
}

function readTie(statement: Tree, text: CheckedText, into: TableStatements): Named | null {
  if (isTree(statement['AlterTableStmt'])) return readAltered(statement, text, into);
  into.belongs.push(text);
  if (isTree(statement['CreateTrigStmt'])) return nameOf(statement['CreateTrigStmt']['relation']);
  const grant = treeOf(statement, 'GrantStmt');
  const [object, ...others] = listOf(grant['objects']);
  into.roles.push(...listOf(grant['grantees']).flatMap((one) => roleOf(treeOf(one, 'RoleSpec'))));
  return grant['is_grant'] === true && grant['objtype'] === 'OBJECT_TABLE' && others.length === 0 ? nameOf(treeOf(object, 'RangeVar')) : null;
}

/**
 * What the manifest of an export says of a table, read by PostgreSQL's grammar: each text has to be one statement, of a kind that an export writes, about this very table. The text of one that is
 * not, otherwise. Expressions in it (a default, a CHECK) are whatever they are.
 */
export async function readTable(table: Named, { ddl, ties, types }: { ddl: string[]; ties: string[]; types: string[] }): Promise<TableStatements | { strayed: string }> {
  const isOwn = ({ schema, rel }: Named): boolean => schema === table.schema && rel === table.rel;
  const [create = '', ...own] = ddl;
  const read: TableStatements = { create: create as CheckedText, own: own as CheckedText[], belongs: [], references: [], attach: null, primary_key: [], identities: [], indexes: [], checks: [], roles: [] };
  try {
    if (!readCreate(await only(create), isOwn, read)) return { strayed: create };
    for (const text of own) if (!readOwn(await only(text), isOwn, read)) return { strayed: text };
    for (const text of ties) {
      const of = readTie(await only(text), text as CheckedText, read);
      if (!of || !isOwn(of)) return { strayed: text };
    }
    for (const type of types) if (listOf(treeOf(await only(`SELECT CAST(NULL AS ${type})`), 'SelectStmt')['targetList']).length !== 1) return { strayed: type };
    return read;
  } catch (error) {
    if (error instanceof Strayed) return { strayed: error.message };
    throw error;
  }
}
