/**
 * Secrets in the text of statements. PostgreSQL keeps utility statements word for word, in pg_stat_statements and
 * pg_stat_activity, with the passwords that they set (F13). The text may be cut anywhere, so this reads it as a lexer does,
 * and a literal that is not closed reaches to the end.
 */
const mask = '…';

/** Before a literal, a word that says what it is; in a key, a part of it. */
const secretName = /(^|[_.\- ])(pass(word|wd|phrase|code)?|pwd|secret|token|api_?key|access_?key|private_?key|credentials?|sslpassword|authorization|identified)($|[_.\- ])|password|secret_|_secret|passwd/i;
/** What may stand between a name and its value. */
const between = /^(=|:=|=>|:|,|\(|to|is|by|as|encrypted|unencrypted|\|\|)$/i;

const card = /(?<![\d.])(?:\d[ -]?){12,18}\d(?![\d.])/g;

/** In the content of literals, comments and names, wherever they stand. */
const inContent: [RegExp, string][] = [
  [/((?:ssl)?pass(?:word|wd|phrase)?|pwd|secret|token|api_?key)(\s*=\s*)(''[^']*(?:''|$)|'(?:[^'\\]|\\.|'')*'?|"[^"]*"?|[^\s'"&;,)]+)/gi, `$1$2${mask}`],
  [/\b(password|identified\s+by)(\s+)('+)[^']+('*)/gi, `$1$2$3${mask}$4`],
  [/("(?:[\w-]*(?:password|passwd|secret|token|api_?key))"\s*:\s*)"(?:[^"\\]|\\.)*"?/gi, `$1"${mask}"`],
  [/([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@'"]*):[^\s@'"/]*@/gi, `$1:${mask}@`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${mask}`],
  [/\beyJ[\w-]{10,}(\.[\w-]*){0,2}/g, mask],
  [/\b(AKIA|ASIA)[0-9A-Z]{16}\b/g, mask],
  [/\b(gh[opsu]_|github_pat_|sk_live_|rk_live_|sk-|xox[abprs]-|glpat-|rdk_|npm_)[\w-]{10,}/g, mask],
  [/SCRAM-SHA-256\$[^\s'"]+/g, mask],
  [/\bmd5[0-9a-f]{32}\b/g, mask],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, mask],
];

const token = /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|(?:[uU]&|[bBxXnN])?'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|:=|=>|\|\||::|[\s\S]/gy;

export function maskSecrets(text: string): string {
  const out: string[] = [];
  const before: string[] = [];
  token.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const [piece = text.charAt(at)] = token.exec(text) ?? [];
    at += piece.length;
    if (isDollar(piece)) {
      const quote = piece;
      const end = text.indexOf(quote, at);
      const body = text.slice(at, end < 0 ? undefined : end);
      out.push(quote, isNamedSecret(before) && !/^\s*(begin|declare|select|insert|update)\b/i.test(body) ? mask : maskSecrets(body), end < 0 ? '' : quote);
      at = end < 0 ? text.length : end + quote.length;
      before.push('$$');
    } else {
      out.push(masked(piece, before));
      if (/\S/.test(piece) && !/^(--|\/\*)/.test(piece)) before.push(piece);
    }
  }
  return out.join('');
}

const isDollar = (piece: string): boolean => /^\$\w*\$$/.test(piece) || /^\$[^\d\s$]*\$$/.test(piece);

function masked(piece: string, before: readonly string[]): string {
  const open = /^(?:[eE]|[uU]&|[bBxXnN])?'/.exec(piece)?.[0];
  if (open !== undefined) return isNamedSecret(before) ? `${open}${mask}${piece.length > open.length && piece.endsWith("'") ? "'" : ''}` : maskContent(piece);
  return /^(--|\/\*|")/.test(piece) || /^\d/.test(piece) ? maskContent(piece) : piece;
}

/** Whether what comes next is the value of something called a secret. */
function isNamedSecret(before: readonly string[]): boolean {
  let at = before.length - 1;
  while (at >= 0 && between.test(before[at] ?? '')) {
    if (/^by$/i.test(before[at] ?? '') && /^identified$/i.test(before[at - 1] ?? '')) return true;
    at -= 1;
  }
  const name = before[at] ?? '';
  if (/^\d|^[^\w'"$\u0080-\uffff]/.test(name)) return false;
  return secretName.test(name.replace(/^(?:[eE]|[uU]&)?['"]|['"]$/g, ''));
}

function maskContent(content: string): string {
  let out = content;
  for (const [pattern, instead] of inContent) out = out.replace(pattern, instead);
  return out.replace(card, (digits) => (isCard(digits) ? `${mask}${digits.slice(-4)}` : digits));
}

/** Begins as payment cards do and carries their check digit. */
function isCard(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  if (digits.length < 13 || digits.length > 19 || !/^(4|5[1-5]|2[2-7]|3[47]|6(011|5))/.test(digits)) return false;
  const sum = [...digits].toReversed().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
