import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparisonOf, conditionsOf, implies } from './predicate';
import { covers, redundant, type IndexFacts } from './prover';

const key = (of: string, order: number) => ({ of, family: 'integer_ops', input: 'int4', collation: '0', options: '', order, plain: true });

const some = (oid: number, over: Partial<IndexFacts>): IndexFacts => ({
  oid: String(oid), table: 't', name: `i${oid}`, method: 'btree', keys: [key('a', 0)], includes: [], predicate: null, settings: [], unique: false, immediate: true,
  nullsNotDistinct: false, usable: true, attached: false, constraint: null, referenced: false, replicaIdentity: false, clustered: false, ...over,
});

/** Any set of indexes of one table, out of few enough parts that they often cover each other. */
const anIndex = fc.record({
  keys: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(0, 3, 1)), { minLength: 1, maxLength: 3 }).map((list) => list.map(([of, order]) => key(of, order))),
  includes: fc.subarray(['a', 'b', 'c']),
  predicate: fc.constantFrom(null, null, '(a > 5)', '(a > 9)', '(a IS NOT NULL)', '(b = 1)', '((a > 5) AND (b = 1))'),
  unique: fc.boolean(), immediate: fc.boolean(), nullsNotDistinct: fc.boolean(), usable: fc.constantFrom(true, true, true, false), attached: fc.constantFrom(false, false, true),
  constraint: fc.constantFrom(null, null, null, 'u' as const, 'p' as const, 'x' as const), referenced: fc.constantFrom(false, false, true), replicaIdentity: fc.constantFrom(false, false, true), clustered: fc.constantFrom(false, false, true),
});
const aTable = fc.array(anIndex, { minLength: 2, maxLength: 6 }).map((list) => list.map((over, at) => some(at + 1, over)));

describe('all that is called redundant can go at once', () => {
  test('what covers is not called redundant, and covers', () => {
    fc.assert(fc.property(aTable, (indexes) => {
      const found = redundant(indexes);
      const dropped = new Set(found.map(({ drop }) => drop.oid));
      return dropped.size === found.length && found.every(({ drop, keep }) => !dropped.has(keep.oid) && covers(keep, drop) !== null);
    }), { numRuns: 3000 });
  });

  test('none is missed: an index that may go and is covered by any other has one that stays', () => {
    fc.assert(fc.property(aTable, (indexes) => {
      const dropped = new Set(redundant(indexes).map(({ drop }) => drop.oid));
      const free = indexes.filter((facts) => !facts.attached && !facts.referenced && !facts.replicaIdentity && !facts.clustered && facts.constraint === null && !dropped.has(facts.oid));
      // Of those that stay, two that cover each other would be one too many.
      return free.every((facts) => indexes.every((other) => dropped.has(other.oid) || covers(other, facts) === null));
    }), { numRuns: 3000 });
  });

  test('the order in which the catalog lists them changes nothing', () => {
    fc.assert(fc.property(aTable, (indexes) => {
      const names = (list: IndexFacts[]) => redundant(list).map(({ drop }) => drop.oid).toSorted().join();
      return names(indexes) === names(indexes.toReversed());
    }));
  });

  test.each([
    ['a chain', [some(1, {}), some(2, { keys: [key('a', 0), key('b', 0)] }), some(3, { keys: [key('a', 0), key('b', 0), key('c', 0)] })], ['1>3', '2>3']],
    ['three alike: the oldest stays', [some(1, {}), some(2, {}), some(3, {})], ['2>1', '3>1']],
    ['the part of a partitioned index stays', [some(1, {}), some(2, { attached: true })], ['1>2']],
    ['two parts both stay', [some(1, { attached: true }), some(2, { attached: true })], []],
    ['the replica identity stays', [some(1, { unique: true }), some(2, { unique: true, replicaIdentity: true })], ['1>2']],
    ['what a foreign key points to stays', [some(1, { unique: true }), some(2, { unique: true, referenced: true })], ['1>2']],
    ['the one marked for CLUSTER stays', [some(1, {}), some(2, { clustered: true })], ['1>2']],
    ['an invalid one covers nothing', [some(1, {}), some(2, { usable: false, keys: [key('a', 0), key('b', 0)] })], []],
    ['another table is another world', [some(1, {}), some(2, { table: 'u' })], []],
  ])('%s', (_, indexes, expected) => {
    expect(redundant(indexes).map(({ drop, keep }) => `${drop.oid}>${keep.oid}`)).toEqual(expected);
  });
});

describe('predicates', () => {
  test.each([
    ['(a > 5)', ['a > 5']],
    ['((a > 5) AND (b IS NOT NULL))', ['a > 5', 'b IS NOT NULL']],
    ['((a > 5) OR (b > 5))', ['(a > 5) OR (b > 5)']],
    [`((s = 'x) AND (y'::text) AND f)`, [`s = 'x) AND (y'::text`, 'f']],
    [`(("a AND b" > 1) AND (("c)" = 2) OR f))`, ['"a AND b" > 1', '("c)" = 2) OR f']],
  ])('conditions of %s', (text, conditions) => {
    expect(conditionsOf(text)).toEqual(conditions);
  });

  test.each([
    [['a > 10'], ['a > 5'], true], [['a > 5'], ['a > 10'], false], [['a >= 5'], ['a > 5'], false], [['a > 5'], ['a >= 5'], true], [['a = 7'], ['a < 8'], true],
    [['a = 7'], ['a <> 8'], false], [['a < 5'], ['a <= 5'], true], [['a < 5'], ['a IS NOT NULL'], true], [['a IS NULL'], ['a IS NOT NULL'], false], [['b > 10'], ['a > 5'], false],
    [["a > '-3'::integer"], ["a > '-5'::integer"], true], [["s > 'b'::text"], ["s > 'a'::text"], false], [['a > 9007199254740993'], ['a > 9007199254740992'], false], [['a > 5', 'b'], ['b'], true], [[], ['a > 5'], false],
  ])('%j implies %j: %s', (known, wanted, truth) => {
    expect(implies(known, wanted)).toBe(truth);
  });

  test.each(['a + 1 > 5', 'lower(s) = \'x\'::text', 'a > b', 'NOT f', "s ~~ 'x%'::text", "(a > 5) OR (b > 5)", "a = ANY ('{1,2}'::integer[])"])('%s is no comparison of a column with a constant', (text) => {
    expect(comparisonOf(text)).toBeNull();
  });
});
