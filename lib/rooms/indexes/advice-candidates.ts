import { quoteName } from '@/lib/pg/parser';
import { isSystem, type RelationFacts } from '@/lib/pg/relation-facts';
import { usageOf, type Key, type Usage } from './advice-usage';
import type { RelationShape, StatementShape } from '@/lib/pg/statement-shape';

/** An index that could help. */
export type Candidate = {
  relation: RelationFacts;
  keys: Key[];
  /** Of the keys, how many are compared for equality and could stand in any order. */
  fixed: number;
  includes: string[];
  predicate: string | null;
  /** What it is made of, in words. */
  because: string;
};

/** Candidates that are tried together: the arms of an OR help only all at once. */
export type Option = Candidate[];

const mostKeys = 4;
const mostIncludes = 3;

const keyText = ({ text, opclass, descending, nullsFirst }: Key): string => `${text}${opclass ? ` ${opclass}` : ''}${descending ? ' DESC' : ''}${nullsFirst === descending ? '' : ` NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`}`;

export const keysText = (keys: Key[]): string => keys.map(keyText).join(', ');

const tail = ({ keys, includes, predicate }: Candidate): string =>
  `USING btree (${keysText(keys)})${includes.length > 0 ? ` INCLUDE (${includes.map(quoteName).join(', ')})` : ''}${predicate === null ? '' : ` WHERE ${predicate}`}`;

/** `CREATE INDEX` of a candidate on its table, or on one of its partitions. */
export const definitionOn = (candidate: Candidate, table: string, words = 'CREATE INDEX ON'): string => `${words} ${table} ${tail(candidate)}`;

export const idOf = (candidate: Candidate): string => `${candidate.relation.oid} ${tail(candidate)}`;

const unique = (keys: Key[]): Key[] => keys.filter(({ text }, at) => keys.findIndex((other) => other.text === text) === at).slice(0, mostKeys);

type Base = { keys: Key[]; fixed: number; because: string };

/** Keys in orders that a B-tree can use: what is compared for equality first, then one range or the order of the rows. */
function bases({ equal, joins, ranges, sort, limited, group, extra }: Usage): Base[] {
  const found: Base[] = [];
  const add = (fixed: Key[], more: Key[], because: string) => {
    const keys = unique([...fixed, ...more]);
    if (keys.length > 0) found.push({ keys, fixed: Math.min(unique(fixed).length, keys.length), because });
  };
  add(equal, [], 'equality');
  for (const range of ranges) add(equal, [range], equal.length > 0 ? 'equality, then a range' : 'a range');
  // Without a LIMIT all rows are read: from the table's front to its end that is quicker than in an order, whatever the estimate.
  if (sort.length > 0 && (limited || equal.length > 0)) add(equal, sort, equal.length > 0 ? 'equality, then the order of the rows' : 'the order of the rows');
  for (const join of joins) {
    add(join, [], 'a join');
    if (equal.length > 0) add([...equal, ...join], [], 'equality and a join');
    for (const range of ranges) add([...equal, ...join], [range], 'a join, then a range');
    if (sort.length > 0) add([...equal, ...join], sort, 'a join, then the order of the rows');
  }
  if (group.length > 0) add(equal, group, equal.length > 0 ? 'equality, then groups' : 'groups');
  if (extra) add(equal, [extra], 'an aggregate of one column');
  if (equal.length > 1) for (const key of equal) add([key], [], 'equality');
  return found;
}

const asCandidate = (relation: RelationFacts, { keys, fixed, because }: Base): Candidate => ({ relation, keys, fixed, includes: [], predicate: null, because });

/** With the other columns that the statement reads, so that the table need not be visited. */
function covering(candidate: Candidate, reads: string[] | 'all'): Candidate | null {
  if (reads === 'all') return null;
  const stored = new Set(candidate.keys.map(({ column }) => column));
  const includes = reads.filter((column) => !stored.has(column));
  return includes.length === 0 || includes.length > mostIncludes ? null : { ...candidate, includes, because: `${candidate.because}, with all that is read` };
}

/** Only the rows of conditions whose constant can be seen. */
function partial(candidate: Candidate, { constants, fallback }: Usage): Candidate | null {
  if (constants.length === 0) return null;
  const known = new Set(constants.map(({ column }) => column));
  const kept = candidate.keys.filter(({ column }) => column === null || !known.has(column));
  const keys = kept.length > 0 ? kept : fallback ? [fallback] : [];
  if (keys.length === 0) return null;
  return { ...candidate, keys, fixed: Math.min(candidate.fixed, kept.length), predicate: constants.map(({ text }) => text).join(' AND '), because: `${candidate.because}, of the rows of a constant condition` };
}

function optionsFor(usage: Usage, relation: RelationFacts, reads: string[] | 'all'): Option[] {
  const plain = bases(usage).map((base) => asCandidate(relation, base));
  const partials = plain.length > 0 ? plain.map((candidate) => partial(candidate, usage)) : [usage.fallback && usage.constants.length > 0 ? partial(asCandidate(relation, { keys: [usage.fallback], fixed: 0, because: 'all keys' }), usage) : null];
  const wide = plain.slice(0, 4).map((candidate) => covering(candidate, reads));
  const single = [...plain, ...partials, ...wide].filter((candidate) => candidate !== null).map((candidate) => [candidate]);
  const arms = usage.arms.map((each) => each.map((keys) => asCandidate(relation, { keys: unique([...usage.equal, ...keys]), fixed: usage.equal.length + keys.length, because: 'an arm of OR' })));
  return [...single, ...arms];
}

export type Advisable = { shape: RelationShape; relation: RelationFacts; usage: Usage };

/** The relations of a statement that an index of ours could serve, with what it asks of each. */
export function advisable(statement: StatementShape, factsOf: (shape: RelationShape) => RelationFacts | null, weight: (relation: RelationFacts, column: string) => number): Advisable[] {
  return statement.relations.flatMap((shape, at) => {
    const relation = shape.known ? factsOf(shape) : null;
    if (!relation || isSystem(relation) || !['r', 'p', 'm'].includes(relation.kind)) return [];
    return [{ shape, relation, usage: usageOf(statement, at, relation, weight) }];
  });
}

/** What could help a statement, each once, likeliest first. */
export function optionsOf(relations: Advisable[]): Option[] {
  const seen = new Set<string>();
  return relations
    .flatMap(({ shape, relation, usage }) => optionsFor(usage, relation, shape.reads))
    .filter((option) => {
      const id = option.map(idOf).toSorted().join('\n');
      return !seen.has(id) && seen.add(id);
    });
}
