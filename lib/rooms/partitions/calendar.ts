/** Days and months as the clocks of one time zone have them. Wall-clock times are ms too, as if that clock stood in UTC. */
export type Calendar = { zone: string; wall: (moment: number) => number; at: (wall: number) => number };

export const dayMs = 86_400_000;
export const monthOf = (wall: number): number => new Date(wall).getUTCFullYear() * 12 + new Date(wall).getUTCMonth();
export const startOfMonth = (month: number): number => Date.UTC(Math.floor(month / 12), month % 12);
export const startOfDay = (wall: number): number => Math.floor(wall / dayMs) * dayMs;

export const utc: Calendar = { zone: 'UTC', wall: (moment) => moment, at: (wall) => wall };

/** No clock is set twice within so long. */
const steady = 15 * dayMs;

function offsets(zone: string): (moment: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const exact = (moment: number): number => {
    const [, sign, hours, minutes, seconds] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(moment)) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1000;
  };
  const known = new Map<number, number>();
  const atEdge = (edge: number): number => {
    const offset = known.get(edge) ?? exact(edge * steady);
    known.set(edge, offset);
    return offset;
  };
  return (moment) => {
    const edge = Math.floor(moment / steady);
    return atEdge(edge) === atEdge(edge + 1) ? atEdge(edge) : exact(moment);
  };
}

function calendar(zone: string): Calendar {
  const offset = offsets(zone);
  return {
    zone,
    wall: (moment) => moment + offset(moment),
    // As PostgreSQL reads it: a time that clocks skip by the offset before, one that they show twice by the one after.
    at: (wall) => {
      const [before, after] = [wall - offset(wall - dayMs), wall - offset(wall + dayMs)];
      return after + offset(after) === wall ? after : before;
    },
  };
}

const made = new Map<string, Calendar>([['UTC', utc]]);

/** Null where there is no such time zone. */
export function calendarOf(zone: string): Calendar | null {
  try {
    const found = made.get(zone) ?? calendar(zone);
    made.set(zone, found);
    return found;
  } catch {
    return null;
  }
}

const isDayStart = (moment: number, { wall, at }: Calendar): boolean => at(startOfDay(wall(moment))) === moment;
const isMonthStart = (moment: number, { wall, at }: Calendar): boolean => at(startOfMonth(monthOf(wall(moment)))) === moment;

export const areDays = (moments: number[], of: Calendar): boolean => moments.every((moment) => isDayStart(moment, of));
export const areMonths = (moments: number[], of: Calendar): boolean => moments.every((moment) => isMonthStart(moment, of));

/** The calendars of which these moments can be days: UTC’s alone where they are days of it, else those of whose months they all are, if there are any. */
export function calendarsOf(moments: number[]): Calendar[] {
  if (areDays(moments, utc)) return [utc];
  const latest = moments.toReversed();
  const fit = Intl.supportedValuesOf('timeZone').flatMap((zone) => calendarOf(zone) ?? []).filter((one) => areDays(latest, one));
  const monthly = fit.filter((one) => areMonths(moments, one));
  return monthly.length > 0 ? monthly : fit;
}
