import { expect, test } from 'vitest';
import { grownOver, increase, levelOf, sampleKey, thinned, type Line, type Sample } from './history';

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

const lineOf = (label: string, count: number, value: (second: number) => number | null): Line => ({ label, points: Array.from({ length: count }, (_, second) => ({ at: new Date(second * 1000).toISOString(), value: value(second) })) });
const valuesOf = (line: Line | undefined) => (line?.points ?? []).map(({ value }) => value);

test('P16: of 86,400 times two lines, every peak and trough of a stretch stays, at the same times, and no more than a screen can show', () => {
  const lines = [lineOf('waves', 86_400, (second) => Math.sin(second / 3000) * 10 + (second === 40_001 ? 500 : 0)), lineOf('drops', 86_400, (second) => (second % 7919 === 7 ? -3 : 1))];
  const shown = thinned(lines);
  expect(shown[0]?.points.length).toBeLessThanOrEqual(620);
  for (const [index, line] of lines.entries()) {
    const [all, kept] = [valuesOf(line), valuesOf(shown[index])] as [number[], number[]];
    expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...all), Math.max(...all)]);
    expect([kept[0], kept.at(-1)]).toEqual([all[0], all.at(-1)]);
  }
  expect(valuesOf(shown[1]).filter((value) => value === -3)).toHaveLength(11);
  const times = shown.map(({ points }) => points.map(({ at }) => at));
  expect(times[0]).toEqual(times[1]);
  expect(times[0]).toEqual(times[0]?.toSorted());
});

test('P16: a time at which nothing is known stays, and few points stay as they are', () => {
  expect(valuesOf(thinned([lineOf('a', 5000, (second) => (second === 2500 ? null : 1))])[0]).filter((value) => value === null)).toHaveLength(1);
  const few = [lineOf('a', 600, (second) => second)];
  expect(thinned(few)).toEqual(few);
});
