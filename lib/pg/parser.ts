import 'server-only';
import { hasSqlDetails, loadModule, parseSync, scanSync } from 'libpg-query';

/** A node of PostgreSQL's own parse tree, as its fields. */
export type Tree = Record<string, unknown>;

export type Parsed = { statements: Tree[] } | { error: { says: string; /** Characters before it. */ position: number | null } };

/** Beyond this a statement is generated text that nobody reads in a plan, and its tree costs the console more than it is worth. */
const mostCharacters = 101_000;

const tooDeep = { error: { says: 'The statement is nested too deeply to be parsed.', position: null } };

/** PostgreSQL's grammar itself, compiled to WebAssembly: what it says of a text is what a server says. */
export async function parseSql(text: string): Promise<Parsed> {
  if (text.trim() === '') return { error: { says: 'There is no statement.', position: null } };
  if (text.length > mostCharacters) return { error: { says: `The statement has more than ${mostCharacters} characters.`, position: null } };
  await loadModule();
  try {
    const { stmts = [] } = parseSync(text);
    return { statements: stmts.map(({ stmt }) => (stmt ?? {}) as Tree) };
  } catch (error) {
    if (!hasSqlDetails(error)) return tooDeep;
    return { error: { says: error.message, position: error.sqlDetails?.cursorPosition ?? null } };
  }
}

export const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every node below, with its kind: `{ SelectStmt: {…} }` is a node of kind SelectStmt. */
export function walk(value: unknown, visit: (kind: string, node: Tree) => void): void {
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...next.toReversed());
    else if (isTree(next)) {
      for (const [key, inner] of Object.entries(next)) {
        if (isTree(inner)) visit(key, inner);
        if (typeof inner === 'object' && inner !== null) waiting.push(inner);
      }
    }
  }
}

/** The texts of a list of `{ String: { sval } }`, as names are written. */
export const namesOf = (list: unknown): string[] => (Array.isArray(list) ? list.flatMap((item) => (isTree(item) && isTree(item['String']) ? [String(item['String']['sval'] ?? '')] : [])) : []);

/** 1 is the kind of keywords that a name may be without quotes; 0 is no keyword. */
const unreserved = 1;

/** A name as quote_ident writes it. Some statement has been parsed before: the grammar is loaded then. */
export function quoteName(name: string): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/.test(name) && (scanSync(name).tokens[0]?.keywordKind ?? 0) <= unreserved;
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

export type Token = { start: number; end: number; text: string; /** Upper case, for a keyword. */ keyword: string | null };

/** The tokens of a text that was parsed; `start` and `end` count bytes of UTF-8. */
export const tokensOf = (text: string): Token[] => scanSync(text).tokens.map(({ start, end, text: written, keywordKind }) => ({ start, end, text: written, keyword: keywordKind > 0 ? written.toUpperCase() : null }));
