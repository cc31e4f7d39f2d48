import 'server-only';
import { loadModule, scanSync, type ScanToken } from 'libpg-query';

/** A clause begins a line. */
const clauses = new Set(['SELECT', 'FROM', 'WHERE', 'HAVING', 'LIMIT', 'OFFSET', 'FETCH', 'UNION', 'INTERSECT', 'EXCEPT', 'VALUES', 'RETURNING', 'WINDOW', 'SET', 'USING']);
const joins = new Set(['LEFT', 'RIGHT', 'FULL', 'INNER', 'CROSS', 'NATURAL', 'JOIN']);
const beforeJoin = new Set([...joins, 'OUTER']);

type Token = { text: string; word: string; spaced: boolean; depth: number };

/** Beyond this nobody reads it line by line. */
const mostCharacters = 20_000;

/**
 * The statement with another layout: line breaks before its clauses, and nothing but white space changed. What its author has laid out in
 * lines stays as it is, and so does what PostgreSQL's lexer does not take.
 */
export async function formatSql(sql: string): Promise<string> {
  const text = sql.trim();
  if (text.length > mostCharacters || isLaidOut(text)) return text;
  await loadModule();
  try {
    const bytes = Buffer.from(text, 'utf8');
    const { tokens } = scanSync(text);
    return laidOut(read(tokens, bytes));
  } catch {
    return text;
  }
}

const isLaidOut = (text: string): boolean => {
  const lines = text.split('\n');
  return lines.length >= 3 && lines.every((line) => line.length <= 140);
};

/** Offsets of the lexer count bytes. */
function read(tokens: ScanToken[], bytes: Buffer): Token[] {
  let depth = 0;
  let end = 0;
  return tokens.map((token) => {
    const text = bytes.subarray(token.start, token.end).toString('utf8');
    if (text === ')') depth -= 1;
    const found = { text, word: token.keywordKind > 0 ? text.toUpperCase() : '', spaced: token.start > end, depth };
    if (text === '(') depth += 1;
    end = token.end;
    return found;
  });
}

function laidOut(tokens: Token[]): string {
  const lines: string[] = [];
  let line = '';
  /** Parentheses that hold a query: its clauses begin lines of their own, further in. */
  const queries: number[] = [0];
  let between = false;
  const indent = () => '  '.repeat(queries.length - 1);
  const next = () => {
    if (line.trim() !== '') lines.push(line.trimEnd());
    line = indent();
  };
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const after = tokens[index + 1];
    const own = queries.at(-1) ?? 0;
    // The AND of BETWEEN joins no conditions.
    const joining = token.word === 'AND' && between;
    if (token.word === 'BETWEEN') between = true;
    if (joining) between = false;
    if (token.text === ')' && queries.length > 1 && token.depth === own - 1) {
      queries.pop();
      next();
    } else if (token.depth === own && index > 0 && !joining && beginsLine(token, before, after)) next();
    else if (token.spaced && line.trim() !== '') line += ' ';
    line += isBroken(token, own) && !joining ? `  ${token.text}` : token.text;
    if (token.text.startsWith('--')) next();
    if (token.text === '(' && (after?.word === 'SELECT' || after?.word === 'WITH')) {
      queries.push(token.depth + 1);
      next();
    }
  });
  next();
  return lines.join('\n');
}

const isBroken = ({ word, depth }: Token, own: number): boolean => depth === own && (word === 'AND' || word === 'OR');

function beginsLine({ word }: Token, before: Token | undefined, after: Token | undefined): boolean {
  if (word === '' || before === undefined) return false;
  if (clauses.has(word)) return !(word === 'FROM' && before.word === 'DISTINCT') && !(word === 'SET' && before.word === 'DO') && !(word === 'SELECT' && before.word === 'ALL');
  if (word === 'GROUP' || word === 'ORDER') return after?.word === 'BY';
  if (word === 'ON') return after?.word === 'CONFLICT';
  if (joins.has(word)) return !beforeJoin.has(before.word);
  return word === 'AND' || word === 'OR';
}
