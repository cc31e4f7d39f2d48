import type { Random } from './random';

const dayMs = 86_400_000;

// Sunday first. Offices work on weekdays; some work is scheduled at weekends.
const weekdayWeight = [0.12, 0.95, 1, 1, 0.97, 0.8, 0.18];
const hourWeight = [2, 1, 1, 1, 2, 4, 10, 28, 62, 88, 100, 96, 70, 84, 98, 94, 80, 58, 34, 20, 12, 8, 5, 3];

/** The first instant of the month that lies so many months back, in UTC as the partitions are. */
export function monthStart(now: Date, monthsBack: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsBack, 1));
}

/** More of them the later it is: the density grows from 1 to 2.6 over the time that passes. */
function growing(unit: number): number {
  const growth = 1.6;
  return (Math.sqrt(1 + unit * growth * (2 + growth)) - 1) / growth;
}

/** Times of work in ascending order, over the last `months` calendar months up to now. */
export function workTimes(random: Random, count: number, months: number, now: Date): number[] {
  const from = monthStart(now, months - 1).getTime();
  const until = now.getTime() - 60_000;
  const times: number[] = [];
  while (times.length < count) {
    const at = Math.floor(from + growing(random.unit()) * (until - from));
    const date = new Date(at);
    const weight = ((weekdayWeight[date.getUTCDay()] ?? 1) * (hourWeight[date.getUTCHours()] ?? 1)) / 100;
    // In the first hours of a month nothing else may be left than the night, and a seed must end.
    if (until - from < dayMs || random.chance(weight)) times.push(at);
  }
  return times.toSorted((a, b) => a - b);
}
