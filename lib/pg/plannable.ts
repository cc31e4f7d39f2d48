import { isTree, parseSql, tokensOf, type Token, type Tree } from './parser';

/** Types that are written before their constant: pg_stat_statements puts a parameter there, which PostgreSQL refuses. */
const typed = new Set(['interval', 'date', 'timestamp', 'timestamptz', 'time', 'timetz']);

type Cut = { start: number; end: number; put: string };

/** Pieces of a text put in the place of others; tokens count bytes. */
function rewritten(text: string, cuts: Cut[]): string {
  const bytes = Buffer.from(text);
  let at = 0;
  const parts = cuts.flatMap(({ start, end, put }) => {
    const before = bytes.subarray(at, start).toString();
    at = end;
    return [before, put];
  });
  return [...parts, bytes.subarray(at).toString()].join('');
}

const isParameter = ({ text }: Token): boolean => /^\$\d+$/.test(text);

/** `interval $1` as `$1::interval`. */
function withCasts(text: string): string {
  const tokens = tokensOf(text);
  return rewritten(text, tokens.flatMap((token, at) => {
    const next = tokens[at + 1];
    return next && isParameter(next) && typed.has(token.text.toLowerCase()) ? [{ start: token.start, end: next.end, put: `${next.text}::${token.text}` }] : [];
  }));
}

/** A captured text as it can be planned, with its tree; null where the grammar does not take it. */
export async function plannable(query: string): Promise<{ text: string; tree: Tree } | null> {
  // The grammar at hand lets a parameter follow a type; a server's own does not, and would write its refusal into the log each time.
  const text = withCasts(query);
  const parsed = await parseSql(text);
  const [only, more] = 'statements' in parsed ? parsed.statements : [];
  return only && !more ? simplified(text, only) : null;
}

/**
 * An UPDATE or DELETE of one table as the SELECT of its rows: the scan is the same, and reading is all that the monitoring role may do. Only where the
 * grammar says that the condition is still the same.
 */
async function simplified(text: string, tree: Tree): Promise<{ text: string; tree: Tree }> {
  const written = isTree(tree['UpdateStmt']) ? tree['UpdateStmt'] : isTree(tree['DeleteStmt']) ? tree['DeleteStmt'] : null;
  if (!written || !written['whereClause'] || ['withClause', 'fromClause', 'usingClause'].some((key) => written[key])) return { text, tree };
  const select = selectOf(text, 'UpdateStmt' in tree);
  const parsed = select === null ? null : await parseSql(select);
  const [only] = parsed && 'statements' in parsed ? parsed.statements : [];
  const found = only && isTree(only['SelectStmt']) ? only['SelectStmt'] : null;
  return select !== null && found && shapeText(found['whereClause']) === shapeText(written['whereClause']) ? { text: select, tree } : { text, tree };
}

const shapeText = (tree: unknown): string => JSON.stringify(tree, (key, value: unknown) => (key === 'location' || key === 'number' ? undefined : value));

function selectOf(text: string, isUpdate: boolean): string | null {
  const bytes = Buffer.from(text);
  let depth = 0;
  const outer = tokensOf(text).filter((token) => {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    return depth === 0;
  });
  const at = (word: string) => outer.find(({ keyword }) => keyword === word);
  const [from, where, end] = [at(isUpdate ? 'UPDATE' : 'FROM'), at('WHERE'), at('RETURNING')?.start ?? outer.find(({ text: one }) => one === ';')?.start ?? bytes.length];
  const until = isUpdate ? at('SET') : where;
  if (!from || !where || !until) return null;
  const select = `SELECT 1 FROM ${bytes.subarray(from.end, until.start).toString()} ${bytes.subarray(where.start, end).toString()}`;
  const order = new Map<string, string>();
  return rewritten(select, tokensOf(select).filter(isParameter).map(({ start, end: stop, text: name }) => {
    if (!order.has(name)) order.set(name, `$${order.size + 1}`);
    return { start, end: stop, put: order.get(name) ?? name };
  }));
}
