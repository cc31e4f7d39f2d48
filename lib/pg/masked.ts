/**
 * Text of statements as other people may see it. PostgreSQL keeps a password that a statement sets, and pg_stat_activity shows every
 * literal. A scanner rather than an expression: quotes, escapes, dollar quotes and a text cut in the middle all end where PostgreSQL
 * ends them.
 */
const secretPart = /password|passwd|passphrase|secret|apikey|api_key|credential/i;
const secretWhole = /^(?:pwd|token|authorization)$|_token$/i;
const isSecretWord = (word: string): boolean => secretPart.test(word) || secretWhole.test(word);
/** Between such a word and its value: `password 'x'`, `"password" = 'x'`, `token := 'x'`, `set_config('app.secret', 'x')`. */
const between = /^(?:=|:|:=|,|\(|to|is|encrypted|e|u|&|"|')$/i;
/** A literal that is a secret whatever stands before it. */
const secretLiteral = /password\s*=|passfile\s*=|SCRAM-SHA-256\$|^md5[0-9a-f]{32}$|:\/\/[^/\s:@]*:[^/\s@]+@|^eyJ[\w-]{10,}\.|^Bearer\s/i;
const cardNumber = /^\d(?:[ -]?\d){12,18}$/;

const masked = '…';

type Token = { text: string; kind: 'word' | 'literal' | 'space' | 'other'; open: string; close: string };

export function maskSecrets(text: string): string {
  let afterSecret = false;
  let out = '';
  for (const token of tokens(text)) {
    if (token.kind === 'literal') {
      const inner = token.text.slice(token.open.length, token.text.length - token.close.length);
      const hides: boolean = afterSecret || secretLiteral.test(inner) || isCard(inner);
      out += hides ? `${token.open}${masked}${token.close}` : token.text;
      // A name in quotes can be what makes the next literal a secret: set_config('app.secret', …), OPTIONS ("password" …).
      afterSecret = !hides && isSecretName(inner);
    } else {
      out += token.text;
      if (token.kind === 'word') afterSecret = isSecretWord(token.text) || (afterSecret && between.test(token.text));
      else if (token.kind === 'other') afterSecret = afterSecret && between.test(token.text);
    }
  }
  return out;
}

const isSecretName = (inner: string): boolean => inner.length < 64 && /^[\w.]+$/.test(inner) && isSecretWord(inner.slice(inner.lastIndexOf('.') + 1));

/** A number as long as a card's whose check digit is right. */
function isCard(inner: string): boolean {
  if (!cardNumber.test(inner)) return false;
  const digits = inner.replace(/\D/g, '');
  const sum = [...digits].toReversed().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

function* tokens(text: string): Generator<Token> {
  let at = 0;
  while (at < text.length) {
    const token = tokenAt(text, at);
    yield token;
    at += token.text.length;
  }
}

const wordAt = /[\p{L}_][\p{L}\p{N}_]*/uy;
const numberAt = /\d[\d.]*/y;
const spaceAt = /\s+/y;
const dollarAt = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;

function match(expression: RegExp, text: string, at: number): string | null {
  expression.lastIndex = at;
  return expression.exec(text)?.[0] ?? null;
}

const plain = (kind: Token['kind'], text: string): Token => ({ kind, text, open: '', close: '' });

function tokenAt(text: string, at: number): Token {
  const char = text[at] ?? '';
  if (char === "'" || char === '"') return quoted(text, at, char, char === "'" && /[eE]/.test(text[at - 1] ?? ''));
  const dollar = char === '$' ? match(dollarAt, text, at) : null;
  if (dollar) return closedBy(text, at, dollar, dollar, 'literal');
  if (text.startsWith('--', at)) return closedBy(text, at, '--', '\n', 'space');
  if (text.startsWith('/*', at)) return closedBy(text, at, '/*', '*/', 'space');
  const space = match(spaceAt, text, at);
  if (space) return plain('space', space);
  const word = match(wordAt, text, at);
  if (word) return plain('word', word);
  return plain('other', match(numberAt, text, at) ?? char);
}

function closedBy(text: string, at: number, open: string, close: string, kind: Token['kind']): Token {
  const end = text.indexOf(close, at + open.length);
  return end < 0 ? { kind, text: text.slice(at), open, close: '' } : { kind, text: text.slice(at, end + close.length), open, close };
}

/** A doubled quote is one; a backslash escapes only in E''. A text that is cut has no closing quote. */
function quoted(text: string, at: number, quote: string, escapes: boolean): Token {
  let end = at + 1;
  while (end < text.length) {
    if (escapes && text[end] === '\\') end += 2;
    else if (text[end] !== quote) end += 1;
    else if (text[end + 1] === quote) end += 2;
    else return { kind: 'literal', text: text.slice(at, end + 1), open: quote, close: quote };
  }
  return { kind: 'literal', text: text.slice(at), open: quote, close: '' };
}
