import type { ColumnView } from '@/lib/kit/column';

/** What a table shows: values by column key. Anything else belongs into `renderCell`. */
export type TableRow = Record<string, unknown>;

export type Sort = { key: string; descending: boolean };

export function parseSort(text: string): Sort {
  return text.startsWith('-') ? { key: text.slice(1), descending: true } : { key: text, descending: false };
}

/** The order after a click on a heading: numbers and times begin with the largest, and the second click turns it. */
export function nextSort(current: string, column: ColumnView, largestFirst: boolean): string {
  const { key, descending } = parseSort(current);
  if (key === column.key) return descending ? key : `-${key}`;
  return largestFirst ? `-${column.key}` : column.key;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return collator.compare(String(a), String(b));
}

/** Sorted by one column; unknown values are last in both directions. */
export function sortRows<R extends TableRow>(rows: readonly R[], sort: string): R[] {
  const { key, descending } = parseSort(sort);
  return rows.toSorted((a, b) => {
    const [left, right] = [a[key] ?? null, b[key] ?? null];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    return descending ? compare(right, left) : compare(left, right);
  });
}

/** A cell that a spreadsheet would run as a formula is quoted: the text stays, the formula does not. */
const guarded = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : guarded(String(value));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180, values in base units; the heading says which. */
export function toCsv(columns: readonly ColumnView[], rows: readonly TableRow[]): string {
  const head = columns.map(({ key }) => csvCell(key)).join(',');
  return [head, ...rows.map((row) => columns.map(({ key }) => csvCell(row[key])).join(','))].map((line) => `${line}\r\n`).join('');
}

/** The chosen columns in the order of the declaration; an unknown or empty choice is the default one. */
export function chosenColumns(columns: readonly ColumnView[], choice: string | null, fallback: readonly string[]): ColumnView[] {
  const wanted = new Set((choice ?? '').split(',').filter(Boolean));
  const known = columns.filter(({ key }) => wanted.has(key));
  if (known.length > 0) return known;
  return columns.filter(({ key }) => fallback.includes(key));
}
