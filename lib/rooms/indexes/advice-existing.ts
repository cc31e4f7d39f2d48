import type { NamedIndex } from '@/lib/pg/index-facts';
import type { Candidate } from './advice-candidates';
import type { Key } from './advice-usage';

/** An expression as its words: the server adds casts and parentheses that a statement does not write. */
const words = (text: string): string => text.toLowerCase().replaceAll(/::(text|character varying|bpchar)\b/g, '').replaceAll(/[\s()]|pg_catalog\./g, '');

const sameOf = (key: Key, of: string): boolean => (key.column === null ? words(key.text) === words(of) : key.text === of);

const orderOf = ({ descending, nullsFirst }: Key): number => Number(descending) + 2 * Number(nullsFirst);

/** What an index holds beside its keys. */
const stores = (index: NamedIndex, columns: string[]): boolean => columns.every((column) => index.includes.includes(column) || index.keys.some(({ of }) => of === column));

/** The keys of the candidate lead the index: what is compared for equality in any order, the rest in theirs, all in one direction. */
function leads(candidate: Candidate, index: NamedIndex): boolean {
  const { keys, fixed } = candidate;
  if (index.keys.length < keys.length) return false;
  const head = index.keys.slice(0, fixed);
  const isPlain = (at: number, key: Key) => (key.opclass === null ? index.keys[at]?.plain !== false || key.column === null : index.keys[at]?.plain === false);
  if (!keys.slice(0, fixed).every((key) => head.some(({ of }, at) => sameOf(key, of) && isPlain(at, key)))) return false;
  const rest = keys.slice(fixed);
  if (!rest.every((key, at) => sameOf(key, index.keys[fixed + at]?.of ?? '') && isPlain(fixed + at, key))) return false;
  const orders = rest.map((key, at) => (index.keys[fixed + at]?.order ?? 0) ^ orderOf(key));
  return orders.every((order) => order === 0) || orders.every((order) => order === 3);
}

const samePredicate = (candidate: Candidate, index: NamedIndex): boolean => index.predicate === null || (candidate.predicate !== null && words(candidate.predicate) === words(index.predicate));

/** An index that is there and does what the candidate would. */
export function existing(candidate: Candidate, columnsOf: (column: string) => string): NamedIndex | null {
  return candidate.relation.indexes.find((index) => index.usable && serves(candidate, index, columnsOf)) ?? null;
}

/** The same, but left invalid by a build that failed: it is written and never read. */
export function invalidTwin(candidate: Candidate, columnsOf: (column: string) => string): NamedIndex | null {
  return candidate.relation.indexes.find((index) => !index.usable && serves(candidate, index, columnsOf)) ?? null;
}

function serves(candidate: Candidate, index: NamedIndex, columnsOf: (column: string) => string): boolean {
  if (!samePredicate(candidate, index) || !stores(index, candidate.includes.map(columnsOf))) return false;
  if (index.method === 'hash') return candidate.keys.length === 1 && candidate.fixed === 1 && sameOf(candidate.keys[0] as Key, index.keys[0]?.of ?? '');
  return index.method === 'btree' && leads(candidate, index);
}
