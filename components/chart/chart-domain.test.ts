import { describe, expect, it } from 'vitest';
import { share, ticks, topBars } from './chart-domain';

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
