/**
 * Unit names and the one place where a value becomes text. Data travels in base units (bytes, milliseconds, ratios from
 * 0 to 1, ISO 8601 times); cells, axes, findings, docs and tooltips format at the edge, here.
 */
export type Unit = 'text' | 'code' | 'sql' | 'count' | 'bytes' | 'ms' | 'ratio' | 'score' | 'time' | 'flag' | 'level' | 'status';

const locale = 'en-GB';
const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const two = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const exactTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });
const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });

const byteSteps = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes in steps of 1024 with PostgreSQL's own unit names (`pg_size_pretty` writes kB, MB, GB for 1024 powers). */
export function formatBytes(bytes: number): string {
  const sign = bytes < 0 ? '-' : '';
  let value = Math.abs(bytes);
  let step = 0;
  while (value >= 1024 && step < byteSteps.length - 1) {
    value /= 1024;
    step += 1;
  }
  const digits = step === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${sign}${value.toFixed(digits)} ${byteSteps[step]}`;
}

/** Milliseconds, with the precision that a reader can use: `0.12 ms`, `340 ms`, `2.4 s`, `3 min 20 s`, `5 h 12 min`. */
export function formatMs(ms: number): string {
  const value = Math.abs(ms);
  const sign = ms < 0 ? '-' : '';
  if (value < 1) return `${sign}${value === 0 ? '0' : value.toFixed(2)} ms`;
  if (value < 10) return `${sign}${value.toFixed(1)} ms`;
  if (value < 1000) return `${sign}${value.toFixed(0)} ms`;
  if (value < 60_000) return `${sign}${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
  const seconds = Math.round(value / 1000);
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${sign}${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${sign}${Math.round(minutes / 1440)} days`;
}

/** Beyond what a double holds exactly, digits that look exact would be wrong ones. */
export const formatCount = (value: number): string => (Math.abs(value) > Number.MAX_SAFE_INTEGER ? value.toExponential(2).replace('e+', 'e') : integer.format(value));
export const formatCompact = (value: number): string => compact.format(value);
export const formatRatio = (value: number): string => `${(value * 100).toFixed(value !== 0 && Math.abs(value) < 0.1 ? 2 : 1)} %`;
export const formatScore = (value: number): string => two.format(value);
export const formatTime = (iso: string): string => `${exactTime.format(new Date(iso))} UTC`;
export const formatDay = (iso: string): string => day.format(new Date(iso));

const relativeSteps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** `3 minutes ago`, seen from `now` (ms since the epoch). */
export function formatRelative(iso: string, now: number): string {
  const delta = new Date(iso).getTime() - now;
  for (const [unit, size] of relativeSteps) {
    if (Math.abs(delta) >= size) return relative.format(Math.round(delta / size), unit);
  }
  return 'just now';
}

/** A value of a unit as a person reads it. `null` is `–`: unknown, which is not zero. */
export function format(value: unknown, unit: Unit): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return formatNumber(value, unit);
  if (unit === 'time' && typeof value === 'string') return formatTime(value);
  return String(value);
}

function formatNumber(value: number, unit: Unit): string {
  switch (unit) {
    case 'bytes':
      return formatBytes(value);
    case 'ms':
      return formatMs(value);
    case 'ratio':
      return formatRatio(value);
    case 'score':
      return formatScore(value);
    default:
      return formatCount(value);
  }
}

/** Numbers align right and sort as numbers. */
export const isNumeric = (unit: Unit): boolean => ['count', 'bytes', 'ms', 'ratio', 'score'].includes(unit);

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;

/** Units in which a person types an amount, the largest first; each by the names that are understood. */
type Step = { name: string; size: number; also: string };
const typed: Record<'bytes' | 'ms' | 'ratio', Step[]> = {
  bytes: [
    { name: 'TB', size: 1024 * GiB, also: 't tib' }, { name: 'GB', size: GiB, also: 'g gib' }, { name: 'MB', size: MiB, also: 'm mib' }, { name: 'kB', size: KiB, also: 'k kib' },
    { name: 'B', size: 1, also: 'byte bytes' },
  ],
  ms: [
    { name: 'days', size: 86_400_000, also: 'd day' }, { name: 'h', size: 3_600_000, also: 'hour hours' }, { name: 'min', size: 60_000, also: 'm minute minutes' },
    { name: 's', size: 1000, also: 'sec second seconds' }, { name: 'ms', size: 1, also: 'millisecond milliseconds' },
  ],
  ratio: [{ name: '%', size: 0.01, also: '' }],
};

export type TypedUnit = keyof typeof typed;

/** An amount in words that `parseAmount` reads back as the same number: `100 MB`, `30 s`, `75 %`. */
export function formatAmount(value: number, unit: TypedUnit): string {
  if (unit === 'ratio') return `${Number((value * 100).toPrecision(12))} %`;
  const steps = typed[unit];
  // Two decimals at most, where the arithmetic is exact.
  const whole = (size: number) => value % size === 0 || (unit === 'bytes' && value < 1e13 && (value * 100) % size === 0);
  const { name, size } = steps.find((step) => value >= step.size && whole(step.size)) ?? { name: unit === 'bytes' ? 'B' : 'ms', size: 1 };
  return `${size === 1 ? value : Number((value / size).toPrecision(15))} ${value === size && name === 'days' ? 'day' : name}`;
}

/** What a person typed, in base units: `100 MB`, `1.5GiB`, `30s`, `1 h 30 min`, `75 %`; a number alone is in base units already. Null where it is no amount. */
export function parseAmount(text: string, unit: TypedUnit): number | null {
  const trimmed = text.trim();
  if (/^\d{1,16}(\.\d{1,6})?$/.test(trimmed)) return unit === 'bytes' ? Math.round(Number(trimmed)) : Number(trimmed);
  if (!/^(?:\d{1,16}(?:\.\d{1,6})?\s?[a-z%]{1,12}\s?){1,4}$/i.test(trimmed)) return null;
  let sum = 0;
  for (const [, amount, name = ''] of trimmed.matchAll(/(\d{1,16}(?:\.\d{1,6})?)\s?([a-z%]{1,12})/gi)) {
    const step = typed[unit].find((one) => one.name.toLowerCase() === name.toLowerCase() || one.also.split(' ').includes(name.toLowerCase()));
    if (!step) return null;
    sum += Number(amount) * step.size;
  }
  return unit === 'bytes' ? Math.round(sum) : Number(sum.toFixed(6));
}
