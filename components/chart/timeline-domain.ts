import type { Datum } from './chart-domain';

export type StretchKeys = { lane: string; label: string; from: string; to: string; state: string; value: string };

export type Stretch = { label: string; state: string; /** ms since 1970; null where open. */ from: number | null; to: number | null; value: number | null };

export type Lane = { name: string; stretches: Stretch[]; /** What lies outside of all stretches, DEFAULT say. */ outside: Stretch[]; /** Where it ends. */ end: Stretch | null; most: number };

const moment = (value: unknown): number | null => (typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? Date.parse(value) : null);

/** One lane for each name, in the order of the rows. */
export function lanesOf(rows: readonly Datum[], keys: StretchKeys): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const row of rows) {
    const name = String(row[keys.lane] ?? '–');
    const lane = lanes.get(name) ?? { name, stretches: [], outside: [], end: null, most: 0 };
    lanes.set(name, lane);
    const value = row[keys.value];
    const stretch: Stretch = { label: String(row[keys.label] ?? ''), state: String(row[keys.state] ?? ''), from: moment(row[keys.from]), to: moment(row[keys.to]), value: typeof value === 'number' ? value : null };
    if (stretch.state === 'end') lane.end = stretch;
    else if (stretch.state === 'outside') lane.outside.push(stretch);
    else lane.stretches.push(stretch);
    if (stretch.state === 'held') lane.most = Math.max(lane.most, stretch.value ?? 0);
  }
  return [...lanes.values()];
}

export type Span = { from: number; to: number };

/** From the first to the last moment that anything has, now included, with a margin in which what is open fades out. */
export function spanOf(lanes: readonly Lane[], now: number): Span {
  const moments = lanes.flatMap(({ stretches, end }) => [...stretches, ...(end ? [end] : [])].flatMap(({ from, to }) => [from, to])).filter((at) => at !== null);
  const [from, to] = [Math.min(now, ...moments), Math.max(now, ...moments)];
  const margin = Math.max((to - from) * 0.03, 3_600_000);
  return { from: from - margin, to: to + margin };
}

export const along = ({ from, to }: Span, at: number): number => Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));

/** Where a stretch lies, in percent; one too short to see keeps a hair’s width. */
export function placeOf(span: Span, { from, to }: Stretch): { left: number; width: number } {
  const [left, right] = [from === null ? 0 : along(span, from), to === null ? 100 : along(span, to)];
  return { left: Math.min(left, 99.7), width: Math.max(0.3, right - left) };
}

const dayMs = 86_400_000;
type Step = { most?: number; months?: number; days?: number };
const steps: (Step & { most: number })[] = [{ most: 10 * dayMs, days: 1 }, { most: 75 * dayMs, days: 7 }, { most: 400 * dayMs, months: 1 }, { most: 1200 * dayMs, months: 3 }, { most: 5000 * dayMs, months: 12 }];

/** Calendar moments for the axis, at most `wanted` or so. */
export function timeTicks({ from, to }: Span, wanted = 6): { at: number; label: string }[] {
  const step: Step = steps.find(({ most }) => to - from <= most) ?? { months: 12 * Math.ceil((to - from) / (5000 * dayMs)) * 2 };
  const start = new Date(from);
  const ticks: { at: number; label: string }[] = [];
  for (let index = 0; index < 400; index += 1) {
    const at = step.days ? (Math.ceil(from / dayMs) + index * step.days) * dayMs : Date.UTC(start.getUTCFullYear(), index * (step.months ?? 12), 1);
    if (at > to) break;
    if (at >= from) ticks.push({ at, label: new Date(at).toISOString().slice(0, step.days ? 10 : (step.months ?? 12) < 12 ? 7 : 4) });
  }
  const every = Math.ceil(ticks.length / wanted);
  return ticks.filter((_, index) => index % every === 0);
}
