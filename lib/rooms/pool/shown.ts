import type { ShownRow } from '@/lib/kit/diagnostic';

/** A figure by its column's name; NULL where this version of PgBouncer has no such column, or nothing stands in it. */
export function figure(row: ShownRow, ...names: string[]): number | null {
  const text = words(row, ...names);
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** The first of these columns that the version has. A column is renamed now and then. */
export function words(row: ShownRow, ...names: string[]): string | null {
  const name = names.find((one) => one in row);
  const text = name === undefined ? null : row[name];
  return text === null || text === undefined || text === '' ? null : text;
}

/** PgBouncer counts time in microseconds. */
export const fromMicro = (value: number | null): number | null => (value === null ? null : value / 1000);

/** A wait as seconds and the microseconds beside them. */
export function waitMs(row: ShownRow, seconds: string, micro: string): number | null {
  const whole = figure(row, seconds);
  return whole === null ? null : whole * 1000 + (figure(row, micro) ?? 0) / 1000;
}

/** The admin console lists itself among the databases. */
export const isConsole = (database: string | null): boolean => database === 'pgbouncer';

export const yes = (value: number | null): boolean | null => (value === null ? null : value !== 0);
