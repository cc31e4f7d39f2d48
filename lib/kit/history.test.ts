import { expect, test } from 'vitest';
import { grownOver, increase, levelOf, sampleKey, type Sample } from './history';

const key = sampleKey({ queryid: '1', toplevel: true }, ['queryid', 'toplevel']);
const sample = (hour: number, calls: number | null, since = 'first'): Sample => ({ at: `2026-01-01T${String(hour).padStart(2, '0')}:00:00Z`, since, rows: new Map(calls === null ? [] : [[key, { calls }]]) });

test('a key tells a text from a number and a missing value from a text', () => {
  expect(key).toBe('["1",true]');
  expect(sampleKey({ a: 1 }, ['a'])).not.toBe(sampleKey({ a: '1' }, ['a']));
  expect(sampleKey({}, ['a'])).not.toBe(sampleKey({ a: 'null' }, ['a']));
});

test('I7: a counter’s growth is never negative and never reaches across a reset', () => {
  expect(increase(sample(1, 10), sample(2, 25), key, 'calls')).toBe(15);
  expect(increase(sample(1, 10), sample(2, 25, 'second'), key, 'calls')).toBeNull();
  expect(increase(sample(1, 10), sample(2, 4), key, 'calls')).toBeNull();
  expect(increase(sample(1, null), sample(2, 4), key, 'calls')).toBeNull();
});

test('I7: over several samples only the known steps count, with their hours', () => {
  const samples = [sample(0, 100), sample(1, 110), sample(2, 5), sample(4, 25), sample(5, 30, 'second'), sample(6, 31, 'second')];
  expect(grownOver(samples, key, ['calls'])).toEqual({ by: { calls: 10 + 20 + 1 }, hours: 1 + 2 + 1 });
  expect(grownOver([sample(0, 1)], key, ['calls'])).toEqual({ by: { calls: 0 }, hours: 0 });
});

test('a level that is not known at a time is a gap', () => {
  expect(levelOf([sample(0, 7), sample(1, null)], key, 'calls').map(({ value }) => value)).toEqual([7, null]);
});
