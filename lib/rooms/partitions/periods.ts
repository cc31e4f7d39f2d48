import { areDays, areMonths, calendarOf, calendarsOf, dayMs, monthOf, startOfDay, startOfMonth, utc, type Calendar } from './calendar';
import { contiguousRanges } from './range-sets';
import type { Range } from './time-axis';

export const everies = ['as before', 'day', 'week', 'month', 'year'] as const;
export const zoneLabel = 'Time zone of its days (empty: as its bounds tell, else UTC)';
export type Every = (typeof everies)[number];

/** A length of time by a calendar, or a fixed one. Of several months `first` is one that begins such a length. */
export type Period = { calendar: Calendar; months: number; first: number } | { calendar: Calendar; days: number } | { ms: number };

const asked = { day: { days: 1 }, week: { days: 7 }, month: { months: 1, first: 0 }, year: { months: 12, first: 0 } } as const;

/** Later than this a bound is an open end by another name. */
const latest = Date.UTC(2128, 0, 1);

/**
 * How long the partitions are: what is asked for, else the last one’s length. In each of the time zones that their bounds may be meant in, or the one named: days and months of UTC where all of them are
 * days of it. None where there is nothing to go by, or the bounds are of no one calendar.
 */
export function readingsOf(every: Every, parts: Range[], zone = ''): Period[] {
  const closed = parts.filter(({ from, to }) => Number.isFinite(from) && Number.isFinite(to));
  const last = closed.at(-1);
  if (every === 'as before' && !last) return [];
  const bounds = parts.flatMap(({ from, to }) => [from, to]).filter((moment) => Number.isFinite(moment) && moment < latest);
  const named = zone === '' ? null : calendarOf(zone);
  if (zone !== '' && !named) return [];
  const calendars = !parts.every(({ zoned }) => zoned) ? [utc] : named ? [named] : calendarsOf(bounds);
  if (every !== 'as before') return calendars.map((calendar) => ({ calendar, ...asked[every] }));
  if (!last) return [];
  const length = last.to - last.from;
  if (calendars.length === 0) return closed.every(({ from, to }) => to - from === length) ? [{ ms: length }] : [];
  return calendars.map((calendar) => lengthOf(last, calendar));
}

function lengthOf({ from, to }: Range, calendar: Calendar): Period {
  const [a, b] = [calendar.wall(from), calendar.wall(to)];
  if (areMonths([from, to], calendar)) return { calendar, months: monthOf(b) - monthOf(a), first: monthOf(a) };
  return areDays([from, to], calendar) ? { calendar, days: (startOfDay(b) - startOfDay(a)) / dayMs } : { ms: to - from };
}

/** By whose days it goes; a fixed length goes by none. */
export const calendarIn = (period: Period): Calendar => ('ms' in period ? utc : period.calendar);

/** What all of them say; null where they differ, or there are none. */
export function agreed<T>(answers: T[]): T | null {
  const [first] = answers;
  return first !== undefined && new Set(answers.map((answer) => JSON.stringify(answer))).size === 1 ? first : null;
}

/** The one length there is; null where there is none, or where it depends on a time zone that the bounds do not tell: one whose weeks of the two years to come begin elsewhere. */
export function periodOf(every: Every, parts: Range[], zone = ''): Period | null {
  const readings = readingsOf(every, parts, zone);
  const [first] = readings;
  if (!first || readings.length === 1) return first ?? null;
  const end = Math.max(...parts.map(({ to }) => to).filter(Number.isFinite));
  const starts = (period: Period) => Array.from({ length: 104 }, (_, week) => startOf(period, end + week * 7 * dayMs, end));
  return agreed(readings.map(starts)) && first;
}

/** Monday, 5 January 1970: weeks begin on Mondays. */
const monday = 4 * dayMs;

/** Months since one of their lengths began. */
const into = ({ months, first }: { months: number; first: number }, month: number): number => (((month - first) % months) + months) % months;

/** Where the period that holds a moment begins; of days and a fixed length it is counted from `from`. */
export function startOf(period: Period, moment: number, from = monday): number {
  if ('ms' in period) return from + Math.floor((moment - from) / period.ms) * period.ms;
  const { wall, at } = period.calendar;
  if ('days' in period) {
    const [first, length] = [from === monday ? monday : startOfDay(wall(from)), period.days * dayMs];
    return at(first + Math.floor((wall(moment) - first) / length) * length);
  }
  const month = monthOf(wall(moment));
  return at(startOfMonth(month - into(period, month)));
}

export function endOf(period: Period, start: number): number {
  if ('ms' in period) return start + period.ms;
  const { wall, at } = period.calendar;
  if ('days' in period) return at(startOfDay(wall(start)) + period.days * dayMs);
  const month = monthOf(wall(start));
  return at(startOfMonth(month - into(period, month) + period.months));
}

const most = 400;

/** Periods without a partition: from now to so many after the present one, and with `gaps` those between the first partition and that, by the clock given. */
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
export function suffixOf({ from, to }: Range, calendar = utc): string {
  if (!Number.isFinite(from)) return Number.isFinite(to) ? `before_${suffixOf({ from: to, to: to + dayMs }, calendar)}` : 'all';
  const [a, b] = [calendar.wall(from), calendar.wall(to)];
  const whole = areMonths([from, to], calendar);
  const length = whole && (monthOf(b) - monthOf(a)) % 12 === 0 && monthOf(a) % 12 === 0 ? 4 : whole ? 7 : areDays([from], calendar) ? 10 : 16;
  return new Date(calendar.wall(from)).toISOString().slice(0, length).replaceAll(/[-:T]/g, '_');
}
