import { describe, expect, it } from 'vitest';
import { lanesOf, placeOf, spanOf, timeTicks } from './timeline-domain';

const keys = { lane: 'tab', label: 'part', from: 'from_at', to: 'to_at', state: 'state', value: 'bytes' };
const at = (text: string) => Date.parse(text);
const rows = [
  { tab: 'a', part: 'a1', state: 'held', from_at: null, to_at: '2026-01-01T00:00:00Z', bytes: 10 },
  { tab: 'a', part: '', state: 'gap', from_at: '2026-01-01T00:00:00Z', to_at: '2026-02-01T00:00:00Z', bytes: null },
  { tab: 'a', part: 'a2', state: 'held', from_at: '2026-02-01T00:00:00Z', to_at: '2026-03-01T00:00:00Z', bytes: 40 },
  { tab: 'a', part: 'rest', state: 'outside', from_at: null, to_at: null, bytes: 99 },
  { tab: 'a', part: 'then rows are refused', state: 'end', from_at: '2026-03-01T00:00:00Z', to_at: null, bytes: null },
  { tab: 'b', part: 'b1', state: 'held', from_at: '2025-01-01T00:00:00Z', to_at: null, bytes: 0 },
];

describe('a timeline', () => {
  const lanes = lanesOf(rows, keys);
  const span = spanOf(lanes, at('2026-02-10T00:00:00Z'));

  it('has a lane for each table, with what is outside and where it ends apart', () => {
    expect(lanes.map(({ name, stretches }) => [name, stretches.map(({ label, state }) => `${state} ${label}`.trim())])).toEqual([['a', ['held a1', 'gap', 'held a2']], ['b', ['held b1']]]);
    expect(lanes[0]).toMatchObject({ most: 40, outside: [{ label: 'rest', value: 99 }], end: { from: at('2026-03-01T00:00:00Z') } });
  });

  it('spans every moment and now, and lets what is open run to the edge', () => {
    expect(span.from).toBeLessThan(at('2025-01-01T00:00:00Z'));
    expect(span.to).toBeGreaterThan(at('2026-03-01T00:00:00Z'));
    const [first, gap] = lanes[0]?.stretches ?? [];
    expect(first && placeOf(span, first).left).toBe(0);
    expect(gap && placeOf(span, gap).left).toBeCloseTo(first ? placeOf(span, first).width : -1, 6);
    const open = lanes[1]?.stretches[0];
    expect(open && placeOf(span, open).left + placeOf(span, open).width).toBeCloseTo(100, 6);
  });

  it('spans now alone where there is nothing else', () => {
    const now = at('2026-02-10T00:00:00Z');
    const { from, to } = spanOf([], now);
    expect([from < now, to > now]).toEqual([true, true]);
  });
});

describe('ticks of time', () => {
  it.each([
    ['2026-01-01', '2026-01-05', '2026-01-02'],
    ['2026-01-03', '2026-03-01', '2026-01-10'],
    ['2025-01-10', '2026-01-01', '2025-02'],
    ['2019-01-10', '2026-01-01', '2020'],
    ['1919-01-10', '2026-01-01', '1935'],
  ])('from %s to %s', (from, to, label) => {
    const ticks = timeTicks({ from: at(from), to: at(to) });
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.every((tick) => tick.at >= at(from) && tick.at <= at(to))).toBe(true);
    expect(ticks.map((tick) => tick.label).some((text) => text.length === label.length)).toBe(true);
  });
});
