import type { Severity } from '@/lib/kit/finding';
import { GiB, MiB } from '@/lib/units';
import { bytesOf, shownValue } from './setting-value';

export type Known = { name: string; raw: string; unit: string | null; boot: string | null; source: string; context: string; pending: boolean };

/** What the server said and what a person states; 0 and `unknown` are not known, and then nothing is made up. */
export type Situation = {
  settings: ReadonlyMap<string, Known>;
  major: number;
  ram: number;
  cpus: number;
  disk: 'unknown' | 'ssd' | 'hdd';
  workload: 'unknown' | 'web' | 'oltp' | 'dw' | 'mixed';
  checkpoints: { timed: number; requested: number; wal_bytes: number };
};

/** `change` is a finding. `consider` is a hint that depends on more than can be known here. */
export type Verdict = 'change' | 'consider' | 'fine' | 'not known';

export type Opinion = { verdict: Verdict; advised: string | null; why: string; origin: string; severity: Severity | null };

export type Rule = (situation: Situation, setting: Known) => Opinion | null;

export const manual = 'PostgreSQL’s manual';
export const pgtune = 'pgtune’s rule';
export const measured = 'measured here';

export const fine = (why: string, origin: string): Opinion => ({ verdict: 'fine', advised: null, why, origin, severity: null });
export const notKnown = (why: string, origin: string): Opinion => ({ verdict: 'not known', advised: null, why, origin, severity: null });
export const consider = (advised: string, why: string, origin: string): Opinion => ({ verdict: 'consider', advised, why, origin, severity: null });
export const change = (severity: Severity, advised: string, why: string, origin: string): Opinion => ({ verdict: 'change', advised, why, origin, severity });

export const sizeOf = (setting: Known | undefined): number => (setting ? (bytesOf(setting.raw, setting.unit) ?? 0) : 0);
export const numberOf = (setting: Known | undefined): number => Number(setting?.raw ?? 0);
export const shownOf = ({ raw, unit }: Known): string => shownValue(raw, unit);

/** A size as a setting takes it, rounded down to what reads well. */
export function asSetting(bytes: number): string {
  if (bytes >= 10 * GiB) return `${Math.floor(bytes / GiB)}GB`;
  return bytes >= MiB ? `${Math.floor(bytes / MiB)}MB` : `${Math.floor(bytes / 1024)}kB`;
}

/** The statement that changes it, with what it takes; an ALTER SYSTEM does not reach a value given at the server's start. */
export function alterSystem(setting: Known, advised: string): string {
  if (setting.source === 'command line' || setting.source === 'environment variable') {
    return `-- ${setting.name} is given by the ${setting.source} with which the server is started: ALTER SYSTEM cannot change it\n-- ${setting.name} = ${advised}`;
  }
  const statement = `ALTER SYSTEM SET ${setting.name} = '${advised}';`;
  if (setting.context !== 'postmaster') return `${statement}\nSELECT pg_reload_conf();`;
  return `-- takes effect with a restart; if the server then does not start, take the line out of postgresql.auto.conf\n${statement}`;
}
