import type { Remedy } from '@/lib/kit/finding';

/** What `indexes.create` is told to make such an index. */
export type Parts = { method: string; unique: string; columns: string; include: string; where: string; tablespace?: string };

/** The same length without what names and texts could be mistaken for. */
const masked = (text: string): string => text.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, (quoted) => 'x'.repeat(quoted.length));

/** Where the bracket at `open` closes. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

const known = new Set(['btree', 'hash', 'gin', 'gist', 'brin', 'spgist']);

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);

/** A definition as pg_get_indexdef writes it, its tablespace with it, in parts; null where it has more than these, storage parameters say. */
export function partsOf(definition: string): Parts | null {
  const plain = masked(definition);
  const head = /^CREATE (UNIQUE )?INDEX .*? USING (\w+) \(/s.exec(plain);
  if (!head || !known.has(head[2] ?? '')) return null;
  const open = head[0].length - 1;
  const close = closing(plain, open);
  const includes = plain.startsWith(' INCLUDE (', close + 1) ? closing(plain, close + 10) : null;
  const after = (includes ?? close) + 1;
  const placed = /^ TABLESPACE ("(?:[^"]|"")+"|[\w$]+)/.exec(definition.slice(after));
  const rest = definition.slice(after + (placed?.[0].length ?? 0)).trim().replace(/;$/, '');
  if (rest !== '' && !rest.startsWith('WHERE ')) return null;
  return { method: head[2] ?? '', unique: head[1] ? 'yes' : 'no', columns: definition.slice(open + 1, close), include: includes === null ? '' : definition.slice(close + 11, includes), where: rest.replace(/^WHERE /, ''), ...(placed ? { tablespace: unquoted(placed[1] ?? '') } : {}) };
}

/** The remedy that makes an index of this definition on a table; null where the action does not take all of it. */
export function creating(table: string, definition: string | null): Remedy | null {
  const parts = definition === null ? null : partsOf(definition);
  return parts ? { action: 'indexes.create', params: { table, ...parts } } : null;
}
