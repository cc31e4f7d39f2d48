import 'server-only';
import { isDeepStrictEqual } from 'node:util';
import { meaning } from './deparse';
import { isTree, parseSql, quoteName, type Tree } from './parser';
import type { CheckedText } from './sql';

/** An index as a person asks for it: columns, include and where as SQL writes them between their brackets; tablespace by its name, empty for the database’s own. */
export type AskedIndex = { method: string; unique: boolean; columns: string; include: string; where: string; tablespace: string };
type Place = { name: string; schema: string; rel: string; how: 'concurrently' | 'only' };

const textOf = ({ method, unique, columns, include, where, tablespace }: AskedIndex, { name, schema, rel, how }: Place): string =>
  [
    `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${how === 'concurrently' ? 'CONCURRENTLY ' : ''}${quoteName(name)} ON ${how === 'only' ? 'ONLY ' : ''}${quoteName(schema)}.${quoteName(rel)} USING ${method} (${columns})`,
    ...(include === '' ? [] : [`INCLUDE (${include})`]),
    ...(tablespace === '' ? [] : [`TABLESPACE ${quoteName(tablespace)}`]),
    ...(where === '' ? [] : [`WHERE (${where})`]),
  ].join(' ');

const wanted = ['relation', 'idxname', 'accessMethod', 'indexParams', 'indexIncludingParams', 'whereClause', 'unique', 'concurrent', 'isconstraint', 'primary', 'tableSpace'];

/** What else the text says than it was asked for; null where it is that one statement and no more. */
function strayed(statements: Tree[], asked: AskedIndex, place: Place): string | null {
  const [only, ...others] = statements;
  const index = only?.['IndexStmt'];
  if (others.length > 0 || !isTree(index)) return 'This is more than the parts of one index.';
  const relation = isTree(index['relation']) ? index['relation'] : {};
  const said = [index['idxname'], relation['schemaname'], relation['relname'], index['accessMethod'], index['unique'] === true, Array.isArray(index['indexIncludingParams']), index['whereClause'] !== undefined, index['tableSpace'] ?? ''];
  const meant = [place.name, place.schema, place.rel, asked.method, asked.unique, asked.include !== '', asked.where !== '', asked.tablespace];
  if (!isDeepStrictEqual(said, meant)) return 'The parts do not stand where they belong: a bracket may be missing.';
  const more = Object.entries(index).find(([key, value]) => !wanted.includes(key) && value !== undefined && value !== false && value !== 0 && value !== 'DEFAULT' && !(Array.isArray(value) && value.length === 0));
  return more ? `An index made here has no ${more[0]}.` : null;
}

/** Outside of names and texts. */
const isCommented = (part: string): boolean => /--|\/\*/.test(part.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, ''));

/** The statement that makes the index, read by PostgreSQL's grammar; or what is wrong with it. */
export async function createIndexText(asked: AskedIndex, place: Place): Promise<{ text: CheckedText; tree: Tree } | { says: string }> {
  if ([asked.columns, asked.include, asked.where].some(isCommented)) return { says: 'Comments are not taken.' };
  // Names can be quoted once the grammar is loaded.
  await parseSql('SELECT 1');
  const text = textOf(asked, place);
  const parsed = await parseSql(text);
  if ('error' in parsed) return { says: `PostgreSQL’s grammar says: ${parsed.error.says}.` };
  const says = strayed(parsed.statements, asked, place);
  return says === null ? { text: text as CheckedText, tree: parsed.statements[0] ?? {} } : { says };
}

/** The columns and expressions, `expr` for one of those: what an index is named after. */
export function keysOf({ IndexStmt }: Tree): string[] {
  const elements = isTree(IndexStmt) && Array.isArray(IndexStmt['indexParams']) ? IndexStmt['indexParams'] : [];
  return elements.map((element: unknown) => (isTree(element) && isTree(element['IndexElem']) ? String(element['IndexElem']['name'] ?? 'expr') : 'expr'));
}

const bare = (tree: Tree | undefined): unknown => {
  const index = tree?.['IndexStmt'];
  return isTree(index) ? meaning({ ...index, idxname: '', relation: {}, concurrent: false, tableSpace: '' }) : null;
};

/** Whether PostgreSQL's definition of an index says the same but for its name and table. Where it writes an expression otherwise, they differ. */
export async function saysTheSame(definition: string, tree: Tree): Promise<boolean> {
  const parsed = await parseSql(definition);
  return 'statements' in parsed && isDeepStrictEqual(bare(parsed.statements[0]), bare(tree));
}
