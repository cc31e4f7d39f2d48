import { quoteName } from '@/lib/pg/parser';
import type { ColumnFacts, RelationFacts } from '@/lib/pg/relation-facts';
import type { Condition, SortKey, StatementShape, Wrapped } from '@/lib/pg/statement-shape';

/** One key of an index to be. */
export type Key = { /** The column, quoted where needed, or the expression in parentheses. */ text: string; /** Null for an expression. */ column: string | null; opclass: string | null; descending: boolean; nullsFirst: boolean };

/** What a statement asks of one relation, in the terms of a B-tree. */
export type Usage = {
  equal: Key[];
  /** Columns joined, by the relation they are joined with. */
  joins: Key[][];
  /** With IS NOT NULL, which a B-tree finds as one. */
  ranges: Key[];
  sort: Key[];
  /** It has a LIMIT: an order saves reading the rest. */
  limited: boolean;
  group: Key[];
  /** The only other column of an aggregate, for min and max. */
  extra: Key | null;
  /** For each OR of the WHERE, the keys of each of its arms; none where one arm has none. */
  arms: Key[][][];
  constants: { column: string; text: string }[];
  /** A key for a partial index whose conditions leave no other. */
  fallback: Key | null;
  /** Columns with a pattern or containment condition, for which no B-tree helps. */
  searched: { column: ColumnFacts; condition: Condition }[];
};

const plain = (text: string, column: string | null): Key => ({ text, column, opclass: null, descending: false, nullsFirst: false });

function keyOf(column: string, wrapped: Wrapped | null, { columns }: RelationFacts): Key | null {
  // Only a call of a function may stand without parentheses of its own.
  if (wrapped) return wrapped.text === null ? null : plain(wrapped.kind === 'function' && wrapped.by !== 'coalesce' ? wrapped.text : `(${wrapped.text})`, null);
  const facts = columns.find(({ name }) => name === column);
  return facts?.sortable ? plain(quoteName(column), column) : null;
}

/** LIKE 'abc%' is a range in the order of bytes, which a B-tree has by this operator class whatever the collation. */
const patternClass = (type: string): string | null => (type === 'text' ? 'text_pattern_ops' : type.startsWith('character varying') ? 'varchar_pattern_ops' : type.startsWith('character(') ? 'bpchar_pattern_ops' : null);

function constantText({ column, test, value, wrapped }: Condition): string | null {
  if (wrapped) return null;
  const name = quoteName(column);
  if (test === 'null') return `${name} IS NULL`;
  if (test === 'not_null') return `${name} IS NOT NULL`;
  if (test === 'true') return name;
  if (test === 'false') return `NOT ${name}`;
  if (test !== 'equality' || value?.kind !== 'constant' || value.type === 'null') return null;
  const text = value.type === 'text' || value.type === 'bits' ? `'${value.text.replaceAll("'", "''")}'` : value.text;
  return value.text.includes('\\') ? null : `${name} = ${text}${value.cast === null ? '' : `::${value.cast}`}`;
}

const equalities = new Set(['equality', 'any', 'null', 'true', 'false']);

const isJoin = ({ test, value }: Condition): boolean => test === 'equality' && (value?.kind === 'column' || value?.kind === 'subquery');

export function usageOf(statement: StatementShape, at: number, relation: RelationFacts, weight: (relation: RelationFacts, column: string) => number): Usage {
  const shape = statement.relations[at];
  const conditions = shape?.conditions ?? [];
  const narrowing = conditions.filter(({ narrows }) => narrows);
  const key = ({ column, wrapped }: Condition) => keyOf(column, wrapped, relation);
  const numberOf = ({ column }: Key) => relation.columns.find(({ name }) => name === column)?.number ?? 0;
  const byWeight = (a: Key, b: Key) => weight(relation, b.text) - weight(relation, a.text) || numberOf(a) - numberOf(b);
  const equal = narrowing.filter((condition) => equalities.has(condition.test) && !isJoin(condition)).map(key).filter((one) => one !== null).toSorted(byWeight);
  const grouped = keysIn(statement, at, relation, 'group');
  const sort = sortOf(statement, at, relation);
  const stored = new Set([...equal, ...grouped].map(({ column }) => column));
  const query = statement.queries[shape?.query ?? 0];
  const rest = query?.aggregates && grouped.length === 0 && shape && shape.reads !== 'all' ? shape.reads.filter((column) => !stored.has(column)) : [];
  return {
    equal, sort, group: grouped, limited: query?.limit !== null && query?.limit !== undefined,
    joins: joinsOf(narrowing.filter(isJoin), key),
    ranges: narrowing.flatMap((condition) => rangeOf(condition, relation)),
    extra: rest.length === 1 ? keyOf(rest[0] ?? '', null, relation) : null,
    arms: armsOf(conditions, key),
    constants: narrowing.flatMap((condition) => {
      const text = constantText(condition);
      return text === null ? [] : [{ text, column: condition.column }];
    }),
    fallback: fallbackOf(relation),
    searched: narrowing.filter(({ test, wrapped }) => (test === 'pattern' || test === 'contains') && wrapped === null).flatMap((condition) => {
      const column = relation.columns.find(({ name }) => name === condition.column);
      return column ? [{ column, condition }] : [];
    }),
  };
}

function rangeOf(condition: Condition, relation: RelationFacts): Key[] {
  if (!['range', 'prefix', 'not_null'].includes(condition.test)) return [];
  const key = keyOf(condition.column, condition.wrapped, relation);
  if (!key) return [];
  if (condition.test !== 'prefix') return [key];
  const type = relation.columns.find(({ name }) => name === condition.column)?.type ?? '';
  const opclass = condition.wrapped ? 'text_pattern_ops' : patternClass(type);
  return opclass ? [{ ...key, opclass }] : [];
}

/** Grouped by what they are joined with. */
function joinsOf(conditions: Condition[], key: (condition: Condition) => Key | null): Key[][] {
  const partners = new Map<string, Key[]>();
  for (const condition of conditions) {
    const { value } = condition;
    const partner = value?.kind === 'column' ? `r${value.relation}` : value?.kind === 'subquery' ? `q${value.query}` : '';
    const one = key(condition);
    if (one) partners.set(partner, [...(partners.get(partner) ?? []), one]);
  }
  return [...partners.values()];
}

function keysIn(statement: StatementShape, at: number, relation: RelationFacts, field: 'group' | 'order'): Key[] {
  for (const query of statement.queries) {
    const keys = query[field];
    if (keys[0]?.relation === at) return leading(keys, at, relation);
  }
  return [];
}

/** The first keys that are this relation's: an order by them saves the sort, or most of it. */
function leading(keys: (SortKey | null)[], at: number, relation: RelationFacts): Key[] {
  const found: Key[] = [];
  for (const key of keys) {
    const one = key?.relation === at ? keyOf(key.column, key.wrapped, relation) : null;
    if (!key || !one) break;
    found.push({ ...one, descending: key.descending, nullsFirst: key.nullsFirst });
  }
  return found;
}

/** ORDER BY, or DISTINCT ON where that decides; an order of groups is one of their columns. An order all descending is an ascending index read backwards. */
function sortOf(statement: StatementShape, at: number, relation: RelationFacts): Key[] {
  const keys = keysIn(statement, at, relation, 'order');
  const isBackwards = keys.length > 0 && keys.every(({ descending, nullsFirst }) => descending && nullsFirst);
  return isBackwards ? keys.map((key) => ({ ...key, descending: false, nullsFirst: false })) : keys;
}

function armsOf(conditions: Condition[], key: (condition: Condition) => Key | null): Key[][][] {
  const ors = new Map<number, Map<number, Key[]>>();
  for (const condition of conditions) {
    if (!condition.alternative) continue;
    const { or, arm } = condition.alternative;
    const arms = ors.get(or) ?? new Map<number, Key[]>();
    const one = equalities.has(condition.test) || condition.test === 'range' ? key(condition) : null;
    arms.set(arm, [...(arms.get(arm) ?? []), ...(one ? [one] : [])]);
    ors.set(or, arms);
  }
  return [...ors.values()].map((arms) => [...arms.values()]).filter((arms) => arms.length > 1 && arms.every((keys) => keys.length > 0));
}

/** The primary key's first column: small, and there for every row. */
function fallbackOf(relation: RelationFacts): Key | null {
  const primary = relation.indexes.find(({ constraint }) => constraint === 'p')?.keys[0];
  const column = relation.columns.find(({ name, sortable }) => (primary ? quoteName(name) === primary.of : sortable));
  return column ? plain(quoteName(column.name), column.name) : null;
}
