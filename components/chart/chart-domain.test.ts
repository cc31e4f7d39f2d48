import { describe, expect, it } from 'vitest';
import { overTime, share, ticks, topBars } from './chart-domain';

describe('topBars', () => {
  const rows = [
    { name: 'a', x: 1, y: 5 },
    { name: 'b', x: 10, y: null },
    { name: 'c', x: null, y: null },
    { name: 'd', x: 0, y: 0 },
  ];

  it('orders by the sum and counts the rest', () => {
    const { bars, rest } = topBars(rows, 'name', ['x', 'y'], 2);
    expect(bars.map((bar) => [bar.label, bar.total])).toEqual([['b', 10], ['a', 6]]);
    expect(rest).toBe(1);
  });

  it('keeps unknown apart from zero', () => {
    const { bars } = topBars(rows, 'name', ['x', 'y'], 10);
    expect(bars.find((bar) => bar.label === 'b')?.values).toEqual([10, null]);
    expect(bars.map((bar) => bar.label)).toEqual(['b', 'a', 'd']);
  });

  it('is empty for no rows', () => expect(topBars([], 'name', ['x'], 5)).toEqual({ bars: [], rest: 0 }));
});

describe('ticks', () => {
  it.each([
    [0, 'count', [0, 1]],
    [3, 'count', [0, 1, 2, 3]],
    [97, 'count', [0, 25, 50, 75, 100]],
    [0.9, 'ratio', [0, 0.25, 0.5, 0.75, 1]],
    [4096, 'bytes', [0, 1024, 2048, 3072, 4096]],
    [Number.NaN, 'ms', [0, 0.25, 0.5, 0.75, 1]],
  ] as const)('up to %s %s', (max, unit, expected) => expect(ticks(max, unit)).toEqual(expected));
});

describe('share', () => {
  it('shows the smallest and never more than all', () => {
    expect(share(1, 1e9)).toBe(0.6);
    expect(share(5, 4)).toBe(100);
    expect(share(0, 4)).toBe(0);
    expect(share(null, 4)).toBe(0);
  });
});

describe('over time', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const points = (values: [number, number | null][]) => values.map(([minute, value]) => ({ at: at(minute), value }));

  it('lines meet in one row a time; what a line does not know stays away', () => {
    const rows = overTime([{ label: 'a', points: points([[0, 1], [15, 2]]) }, { label: 'b', points: points([[15, 5], [30, null]]) }]);
    expect(rows).toEqual([{ at: at(0), 0: 1 }, { at: at(15), 0: 2, 1: 5 }, { at: at(30), 1: null }]);
  });

  it('F1: where nobody measured stands a row without values, so that a gap is drawn as a gap', () => {
    const rows = overTime([{ label: 'a', points: points([[0, 1], [15, 2], [30, 3], [150, 4], [165, 5]]) }]);
    expect(rows.map((row) => [row.at, row['0']])).toEqual([[at(0), 1], [at(15), 2], [at(30), 3], [at(90), undefined], [at(150), 4], [at(165), 5]]);
  });
});
