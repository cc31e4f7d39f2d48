import 'server-only';
import { isDeepStrictEqual } from 'node:util';
import { deparse } from 'pgsql-deparser';
import { formatSql } from './format-sql';
import { isTree, parseSql, type Tree } from './parser';

/** Where something stood in a text, and a mark of ours: another text means the same. */
const place = /^(location|stmt_location|stmt_len|list_start|list_end|rexpr_list_start|rexpr_list_end|folded)$/;

/** The tree without what its text alone decided. Absent, false, empty and zero are one to the protocol buffers that it comes from. */
export function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning);
  if (!isTree(value)) return value;
  const fields = Object.entries(value).filter(([key, inner]) => !place.test(key) && inner !== undefined && inner !== false);
  return Object.fromEntries(fields.map(([key, inner]) => [key, meaning(inner)]));
}

/**
 * A statement's tree as SQL; null where no text says exactly that. What was written is parsed again by PostgreSQL's grammar and has to be the same
 * tree, so that a mistake in writing it, or in the tree, is no statement rather than a wrong one.
 */
export async function deparsed(statement: Tree): Promise<string | null> {
  try {
    const text = await deparse(statement as never, { pretty: false });
    const again = await parseSql(text);
    const [only, ...others] = 'statements' in again ? again.statements : [];
    return only && others.length === 0 && isDeepStrictEqual(meaning(only), meaning(statement)) ? await formatSql(text) : null;
  } catch {
    return null;
  }
}
