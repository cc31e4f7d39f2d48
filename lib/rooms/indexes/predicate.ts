/**
 * Predicates of partial indexes, as pg_get_expr writes them. Only what can be told from that text for certain is told: the conditions joined
 * by AND, and comparisons of one column with one constant.
 */
type Comparison = { column: string; operator: '=' | '<' | '<=' | '>' | '>=' | 'is null' | 'is not null'; value: string | null };

/** Where the quoted string or name that starts at `start` ends. */
function quotedEnd(text: string, start: number): number {
  const quote = text[start];
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] !== quote) continue;
    if (text[index + 1] === quote) index += 1;
    else return index;
  }
  return text.length;
}

/** True if the first parenthesis is closed by the last one. */
function isEnclosed(text: string): boolean {
  if (!text.startsWith('(') || !text.endsWith(')')) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === "'" || char === '"') index = quotedEnd(text, index);
    else if (char === '(') depth += 1;
    else if (char === ')') {
      depth -= 1;
      if (depth === 0 && index < text.length - 1) return false;
    }
  }
  return depth === 0;
}

function topLevelParts(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === "'" || char === '"') index = quotedEnd(text, index);
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (depth === 0 && text.startsWith(' AND ', index)) {
      parts.push(text.slice(from, index));
      index += 4;
      from = index + 1;
    }
  }
  return [...parts, text.slice(from)];
}

/** The conditions that AND joins, each without its outer parentheses; none for an index of all rows. */
export function conditionsOf(predicate: string | null): string[] {
  if (predicate === null) return [];
  let text = predicate.trim();
  while (isEnclosed(text)) text = text.slice(1, -1).trim();
  // A backslash in a string constant can hide a quote: such a text is one condition, compared as a whole.
  if (text.includes('\\')) return [text];
  const parts = topLevelParts(text);
  return parts.length === 1 ? [text] : parts.flatMap(conditionsOf);
}

const name = String.raw`(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")`;
const constant = String.raw`(?:-?\d+(?:\.\d+)?|\(-?\d+(?:\.\d+)?\)::[a-z ]+|'(?:[^'\\]|'')*'::[a-z_"][\w ".()]*)`;
const compared = new RegExp(`^(?:(${name})|\\((${name})\\)::text) (=|<|<=|>|>=) (${constant})$`);
const tested = new RegExp(`^(${name}) IS (NOT )?NULL$`);

/** A condition as a comparison of a column with a constant; null where it is anything else. */
export function comparisonOf(condition: string): Comparison | null {
  const nulls = tested.exec(condition);
  if (nulls) return { column: nulls[1] ?? '', operator: nulls[2] ? 'is not null' : 'is null', value: null };
  const found = compared.exec(condition);
  if (!found) return null;
  return { column: found[1] ?? found[2] ?? '', operator: found[3] as Comparison['operator'], value: found[4] ?? null };
}

/** A whole or decimal number that a double holds exactly enough to compare; null for every other constant. */
function numberOf(value: string | null): number | null {
  const digits = /^(?:\(?(-?\d+(?:\.\d+)?)\)?(?:::(?:smallint|integer|bigint|numeric))?|'(-?\d+(?:\.\d+)?)'::(?:smallint|integer|bigint|numeric))$/.exec(value ?? '');
  const text = digits?.[1] ?? digits?.[2];
  return text !== undefined && text.length <= 15 ? Number(text) : null;
}

function impliesOne(known: Comparison, wanted: Comparison): boolean {
  if (known.column !== wanted.column || known.operator === 'is null' || known.operator === 'is not null') return false;
  // A comparison is strict: it is not true where the column is NULL.
  if (wanted.operator === 'is not null') return true;
  const [have, want] = [numberOf(known.value), numberOf(wanted.value)];
  if (have === null || want === null) return false;
  switch (wanted.operator) {
    case '>':
      return (known.operator === '>' && have >= want) || (['=', '>='].includes(known.operator) && have > want);
    case '>=':
      return ['=', '>', '>='].includes(known.operator) && have >= want;
    case '<':
      return (known.operator === '<' && have <= want) || (['=', '<='].includes(known.operator) && have < want);
    case '<=':
      return ['=', '<', '<='].includes(known.operator) && have <= want;
    default:
      return false;
  }
}

/** True if rows for which all of `known` holds are rows for which all of `wanted` holds, and the planner can tell so as well. */
export function implies(known: string[], wanted: string[]): boolean {
  const comparisons = known.map(comparisonOf).filter((comparison) => comparison !== null);
  return wanted.every((condition) => {
    if (known.includes(condition)) return true;
    const target = comparisonOf(condition);
    return target !== null && comparisons.some((comparison) => impliesOne(comparison, target));
  });
}
