import type { IndexFacts, IndexKey } from '@/lib/pg/index-facts';
import { comparisonOf, conditionsOf, implies } from './predicate';

export type { IndexFacts, IndexKey };

export type Cover = { kind: 'duplicate' | 'backward' | 'prefix' | 'include' | 'subset' | 'predicate' | 'unique'; why: string };

export type Redundancy = { drop: IndexFacts; keep: IndexFacts; cover: Cover };

const sameKey = (a: IndexKey, b: IndexKey): boolean => a.of === b.of && a.family === b.family && a.input === b.input && a.collation === b.collation && a.options === b.options;

/** Bits 1 and 2 of every column inverted is the same order read backwards. */
const orders = (drop: IndexKey[], keep: IndexKey[]): 'same' | 'backward' | null => {
  if (drop.every((key, at) => key.order === keep[at]?.order)) return 'same';
  return drop.every((key, at) => (key.order ^ 3) === keep[at]?.order) ? 'backward' : null;
};

const starts = (drop: IndexFacts, keep: IndexFacts): boolean => drop.keys.every((key, at) => {
  const other = keep.keys[at];
  return other !== undefined && sameKey(key, other);
});

const equalKeys = (drop: IndexFacts, keep: IndexFacts): boolean => drop.keys.length === keep.keys.length && starts(drop, keep);
const within = (drop: IndexFacts, keep: IndexFacts): boolean => drop.keys.every((key) => keep.keys.some((other) => sameKey(key, other)));
/** Pages that one BRIN entry sums up; 128 where nothing is said. */
const rangeOf = (facts: IndexFacts): string => facts.settings.find((text) => text.startsWith('pages_per_range=')) ?? 'pages_per_range=128';

/** How the keys of `keep` do for every scan what those of `drop` do; null where that cannot be proved. */
function coversKeys(drop: IndexFacts, keep: IndexFacts): Cover | null {
  switch (drop.method) {
    case 'btree':
      return coversTree(drop, keep);
    case 'hash':
    case 'gist':
    case 'spgist':
      return equalKeys(drop, keep) && drop.includes.every((column) => keep.includes.includes(column)) ? widened(drop, keep, 'the same keys') : null;
    case 'gin':
      return within(drop, keep) ? { kind: drop.keys.length === keep.keys.length ? 'duplicate' : 'subset', why: 'a GIN index serves conditions on any of its columns equally, and it has all of these' } : null;
    case 'brin':
      if (rangeOf(drop) !== rangeOf(keep)) return null;
      return within(drop, keep) ? { kind: drop.keys.length === keep.keys.length ? 'duplicate' : 'subset', why: 'a BRIN index serves conditions on any of its columns equally, and it has all of these in ranges of the same size' } : null;
    default:
      return equalKeys(drop, keep) && drop.includes.join() === keep.includes.join() && drop.settings.toSorted().join() === keep.settings.toSorted().join() ? { kind: 'duplicate', why: 'the same keys and parameters' } : null;
  }
}

function coversTree(drop: IndexFacts, keep: IndexFacts): Cover | null {
  if (!starts(drop, keep)) return null;
  const order = orders(drop.keys, keep.keys);
  if (!order) return null;
  const stored = new Set([...keep.keys.map((key) => key.of), ...keep.includes]);
  if (!drop.includes.every((column) => stored.has(column))) return null;
  const backwards = order === 'backward' ? ', read backwards' : '';
  if (drop.keys.length < keep.keys.length) return { kind: 'prefix', why: `its keys are the first ${drop.keys.length} of ${keep.keys.length}${backwards}` };
  if (order === 'backward') return { kind: 'backward', why: 'the same keys, read backwards' };
  return widened(drop, keep, 'the same keys in the same order');
}

/** Equal keys: the columns that are only stored with them may be more. */
const widened = (drop: IndexFacts, keep: IndexFacts, why: string): Cover =>
  keep.includes.every((column) => drop.includes.includes(column)) ? { kind: 'duplicate', why } : { kind: 'include', why: `${why}, with more columns stored beside them` };

/**
 * Every row and every condition of `drop` are in reach of `keep`. An index of more rows does the work of a partial one only if its own keys lead to
 * those rows: where the partial index's conditions compare the first key column with a constant. For any other condition it reads and discards rows.
 */
function coversRows(drop: IndexFacts, keep: IndexFacts): Cover | 'same' | null {
  const [own, others] = [conditionsOf(drop.predicate), conditionsOf(keep.predicate)];
  if (!implies(own, others)) return null;
  const extra = own.filter((condition) => !others.includes(condition));
  if (extra.length === 0) return 'same';
  const lead = keep.keys[0];
  if (keep.method !== 'btree' || !lead?.plain || !extra.every((condition) => comparisonOf(condition)?.column === lead.of)) return null;
  return { kind: 'predicate', why: `its condition (${drop.predicate}) is a range of ${lead.of}, the first key` };
}

/** A constraint holds as strictly without `drop`. */
function enforces(drop: IndexFacts, keep: IndexFacts): boolean {
  if (!drop.unique) return true;
  return drop.method === 'btree' && keep.unique && keep.immediate && drop.keys.length === keep.keys.length && (!drop.nullsNotDistinct || keep.nullsNotDistinct);
}

/** Why `keep` does all that `drop` does: scans, orders, stored columns and uniqueness; null where that cannot be proved. */
export function covers(keep: IndexFacts, drop: IndexFacts): Cover | null {
  if (keep.oid === drop.oid || keep.table !== drop.table || keep.method !== drop.method || !keep.usable || !drop.usable || !enforces(drop, keep)) return null;
  const keys = coversKeys(drop, keep);
  const rows = keys && coversRows(drop, keep);
  if (!keys || !rows) return null;
  const unique = keep.unique && !drop.unique && keep.keys.length === drop.keys.length ? ', and it is unique as well' : '';
  if (rows !== 'same') return { kind: 'predicate', why: `${keys.why}; ${rows.why}${unique}` };
  return { kind: keys.kind === 'duplicate' && unique ? 'unique' : keys.kind, why: keys.why + unique };
}

/** What may not go: a part of a partitioned index, and what a constraint, a foreign key, replication or CLUSTER names. */
function isPinned(drop: IndexFacts, keep: IndexFacts): boolean {
  if (drop.attached || drop.referenced || drop.replicaIdentity || drop.clustered) return true;
  // The constraint would go with its index: only where another constraint says the same.
  return drop.constraint !== null && !(drop.constraint === 'u' && drop.immediate && (keep.constraint === 'p' || keep.constraint === 'u'));
}

const rank = (facts: IndexFacts): number[] => [
  Number(facts.attached), facts.constraint === null ? 0 : { p: 3, u: 2, x: 1 }[facts.constraint], Number(facts.referenced), Number(facts.replicaIdentity), Number(facts.clustered), Number(facts.unique), -facts.includes.length, -Number(facts.oid),
];

function outranks(a: IndexFacts, b: IndexFacts): boolean {
  const [x, y] = [rank(a), rank(b)];
  const at = x.findIndex((value, index) => value !== y[index]);
  return (x[at] ?? 0) > (y[at] ?? 0);
}

function redundancyOf(drop: IndexFacts, keep: IndexFacts): Redundancy | null {
  const cover = isPinned(drop, keep) ? null : covers(keep, drop);
  if (!cover) return null;
  // Of two that cover each other one stays; which, is decided once.
  const mutual = !isPinned(keep, drop) && covers(drop, keep) !== null;
  return mutual && outranks(drop, keep) ? null : { drop, keep, cover };
}

/** The redundant indexes, each once, with the index that covers it: one that is not redundant itself, so that all of them can go. */
export function redundant(indexes: IndexFacts[]): Redundancy[] {
  const byTable = new Map<string, IndexFacts[]>();
  for (const facts of indexes) byTable.set(facts.table, [...(byTable.get(facts.table) ?? []), facts]);
  return [...byTable.values()].flatMap((list) => {
    const pairs = list.flatMap((drop) => list.map((keep) => redundancyOf(drop, keep)).filter((pair) => pair !== null));
    const dropped = new Set(pairs.map((pair) => pair.drop.oid));
    const best = new Map<string, Redundancy>();
    for (const pair of pairs.filter(({ keep }) => !dropped.has(keep.oid))) {
      const known = best.get(pair.drop.oid);
      if (!known || closer(pair, known)) best.set(pair.drop.oid, pair);
    }
    return [...best.values()];
  });
}

const closeness = ['duplicate', 'unique', 'backward', 'include', 'prefix', 'subset', 'predicate'];

function closer(a: Redundancy, b: Redundancy): boolean {
  const byKind = closeness.indexOf(a.cover.kind) - closeness.indexOf(b.cover.kind);
  if (byKind !== 0) return byKind < 0;
  return a.keep.keys.length !== b.keep.keys.length ? a.keep.keys.length < b.keep.keys.length : outranks(a.keep, b.keep);
}
