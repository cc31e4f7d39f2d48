import { contiguousRanges } from './range-sets';
import type { Range } from './time-axis';

export const everies = ['as before', 'day', 'week', 'month', 'year'] as const;
export type Every = (typeof everies)[number];

/** A length of time by the calendar, or a fixed one. */
export type Period = { months: number } | { ms: number };

const dayMs = 86_400_000;
const fixed: Record<Exclude<Every, 'as before'>, Period> = { day: { ms: dayMs }, week: { ms: 7 * dayMs }, month: { months: 1 }, year: { months: 12 } };

const monthOf = (ms: number): number => new Date(ms).getUTCFullYear() * 12 + new Date(ms).getUTCMonth();
const startOfMonth = (month: number): number => Date.UTC(Math.floor(month / 12), month % 12);
const isMonthStart = (ms: number): boolean => ms === startOfMonth(monthOf(ms));

/** How long the partitions are: what is asked for, else the last one’s length; null where there is none to go by. */
export function periodOf(every: Every, parts: Range[]): Period | null {
  if (every !== 'as before') return fixed[every];
  const last = parts.filter(({ from, to }) => Number.isFinite(from) && Number.isFinite(to)).at(-1);
  if (!last) return null;
  if (!isMonthStart(last.from) || !isMonthStart(last.to)) return { ms: last.to - last.from };
  return { months: monthOf(last.to) - monthOf(last.from) };
}

/** Monday, 5 January 1970: weeks begin on Mondays. */
const monday = 4 * dayMs;

/** Where the period that holds a moment begins; of a fixed length it is counted from `from`. */
export function startOf(period: Period, moment: number, from = monday): number {
  if ('months' in period) return startOfMonth(monthOf(moment) - (monthOf(moment) % period.months));
  return from + Math.floor((moment - from) / period.ms) * period.ms;
}

export const endOf = (period: Period, start: number): number =>
  'months' in period ? startOfMonth(monthOf(start) - (monthOf(start) % period.months) + period.months) : start + period.ms;

const most = 400;

/** Periods without a partition: from now to so many after the present one, and with `gaps` those between the first partition and that. In UTC, by the clock given. */
export function missingPeriods(parts: Range[], { period, now, ahead, gaps }: { period: Period; now: number; ahead: number; gaps: boolean }): Range[] {
  const last = parts.at(-1);
  const anchor = last && Number.isFinite(last.to) ? last.to : undefined;
  const start = parts.find(({ from, to }) => from <= now && now < to && Number.isFinite(from))?.from ?? startOf(period, now, anchor);
  let end = start;
  for (let count = 0; count <= ahead; count += 1) end = endOf(period, end);
  const first = parts.map(({ from }) => from).find(Number.isFinite);
  const low = gaps && first !== undefined ? Math.min(first, start) : start;
  return uncovered(parts, { from: low, to: end }).flatMap((gap) => cut(gap, period)).slice(0, most);
}

/** What of a stretch no range holds. */
export function uncovered(parts: Range[], { from, to }: Range): Range[] {
  const free: Range[] = [];
  let at = from;
  for (const block of contiguousRanges(parts)) {
    if (block.from > at && at < to) free.push({ from: at, to: Math.min(block.from, to) });
    at = Math.max(at, block.to);
  }
  return at < to ? [...free, { from: at, to }] : free;
}

/** A stretch in whole periods; what is less than one at its ends is one of its own. */
export function cut({ from, to }: Range, period: Period): Range[] {
  const pieces: Range[] = [];
  for (let at = from; at < to && pieces.length < most; at = pieces.at(-1)?.to ?? to) pieces.push({ from: at, to: Math.min(endOf(period, at), to) });
  return pieces;
}

/** A name's ending that says which period it is: `2026`, `2026_03`, `2026_03_31`, with hours where it does not begin a day. */
export function suffixOf({ from, to }: Range): string {
  if (!Number.isFinite(from)) return Number.isFinite(to) ? `before_${suffixOf({ from: to, to: to + dayMs })}` : 'all';
  const text = new Date(from).toISOString();
  const whole = isMonthStart(from) && isMonthStart(to);
  const length = whole && (monthOf(to) - monthOf(from)) % 12 === 0 && monthOf(from) % 12 === 0 ? 4 : whole ? 7 : from % dayMs === 0 ? 10 : 16;
  return text.slice(0, length).replaceAll(/[-:T]/g, '_');
}
