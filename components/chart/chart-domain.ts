import type { Line } from '@/lib/kit/history';
import { format, type Unit } from '@/lib/units';

export type Value = string | number | boolean | null | undefined;
export type Datum = Record<string, Value>;

/** One labelled bar with a number for each series; unknown stays null and is drawn as absent, never as zero. */
export type Bar = { label: string; values: (number | null)[]; total: number };

const amount = (value: Value): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** The largest `top` rows by the sum of their values, or the first in the order given; `rest` counts the others. Rows without any value are left out. */
export function topBars(rows: readonly Datum[], label: string, values: readonly string[], top: number, keepOrder = false): { bars: Bar[]; rest: number } {
  const bars = rows.map((row): Bar => {
    const amounts = values.map((key) => amount(row[key]));
    return { label: String(row[label] ?? '–'), values: amounts, total: amounts.reduce<number>((sum, one) => sum + (one ?? 0), 0) };
  });
  const present = bars.filter((bar) => bar.values.some((value) => value !== null));
  const known = keepOrder ? present : present.toSorted((a, b) => b.total - a.total);
  return { bars: known.slice(0, top), rest: Math.max(0, known.length - top) };
}

/** Units that count in steps of 1024 get ticks at powers of two of theirs; the others at 1, 2, 2.5 and 5. */
function niceStep(raw: number, unit: Unit): number {
  if (unit === 'bytes') {
    const scale = 1024 ** Math.max(0, Math.floor(Math.log(raw) / Math.log(1024)));
    return scale * 2 ** Math.ceil(Math.log2(Math.max(raw / scale, 1)));
  }
  const scale = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * scale >= raw * 0.999_999) ?? 10;
  return unit === 'count' ? Math.max(1, Math.ceil(step * scale)) : step * scale;
}

/** Ticks from 0 to a round number at or above `max`, about `wanted` steps. A flat zero still has an axis. */
export function ticks(max: number, unit: Unit, wanted = 4): number[] {
  const top = max > 0 && Number.isFinite(max) ? max : 1;
  const step = niceStep(top / wanted, unit);
  const steps = Math.max(1, Math.ceil(top / step - 1e-9));
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** The width of a bar in percent: what is not zero is never invisible. */
export function share(value: number | null, max: number): number {
  if (value === null || value <= 0 || max <= 0) return 0;
  return Math.min(100, Math.max(0.6, (value / max) * 100));
}

/** The whole chart in one sentence, for those who do not see it. */
export function summary(title: string, bars: readonly Bar[], unit: Unit): string {
  const [first] = bars;
  if (!first) return `${title}: no data.`;
  const last = bars.at(-1) ?? first;
  const range = bars.length > 1 ? `, down to ${format(last.total, unit)} (${last.label})` : '';
  return `${title}: ${bars.length} bars, the longest ${format(first.total, unit)} (${first.label})${range}.`;
}

/** A step this many times as long as most is a time in which nobody measured. */
const gapSteps = 3;

/** Lines as rows by time, a line's index its key. Where nobody measured stands a row of nulls, so that no line is drawn across. */
export function overTime(lines: readonly Line[]): (Datum & { at: string })[] {
  const byTime = new Map<string, { ms: number; row: Datum & { at: string } }>();
  for (const [index, { points }] of lines.entries()) {
    for (const { at, value } of points) {
      const known = byTime.get(at) ?? { ms: Date.parse(at), row: { at } };
      known.row[String(index)] = value;
      byTime.set(at, known);
    }
  }
  const times = [...byTime.values()].toSorted((a, b) => a.ms - b.ms);
  const steps = times.slice(1).map(({ ms }, index) => ms - (times[index]?.ms ?? ms));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  return times.flatMap(({ ms, row }, index) => {
    const before = steps[index - 1] ?? 0;
    return before > usual * gapSteps ? [{ at: new Date(ms - before / 2).toISOString() }, row] : [row];
  });
}
