/** A setting as pg_settings has it: what a value is checked against. */
export type Setting = { name: string; vartype: string; unit: string | null; min: string | null; max: string | null; allowed: string[] | null };

const bytes: Record<string, number> = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };
const milliseconds: Record<string, number> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** A unit of pg_settings, `8kB` say, or one that a person writes: which kind, and how much of its base. */
function unitOf(text: string): { kind: 'bytes' | 'time'; size: number } | null {
  const [, count = '', name = ''] = /^(\d*)([a-zA-Z]+)$/.exec(text) ?? [];
  const [size, time] = [bytes[name], milliseconds[name]];
  const times = count === '' ? 1 : Number(count);
  if (size !== undefined) return { kind: 'bytes', size: size * times };
  return time === undefined ? null : { kind: 'time', size: time * times };
}

const asUnits = 'B, kB, MB, GB, TB or us, ms, s, min, h, d';

/** A value as PostgreSQL will hold it: a number in the setting's own unit, on or off, a word. */
export type Canonical = { value: number | string } | { says: string };

function numberOf({ name, vartype, unit, min, max }: Setting, text: string): Canonical {
  const [, digits, written = ''] = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*([a-zA-Z]*)$/.exec(text) ?? [];
  if (digits === undefined) return { says: `${name} takes a number${unit === null ? '' : `, with or without a unit (${asUnits})`}.` };
  const [own, given] = [unit === null ? null : unitOf(unit), written === '' ? null : unitOf(written)];
  if (written !== '' && (!own || own.kind !== given?.kind)) return { says: unit === null ? `${name} takes a number without a unit.` : `${name} is measured in ${unit}: ${written} is no such unit. It may be written with ${own?.kind === 'bytes' ? 'B, kB, MB, GB, TB' : 'us, ms, s, min, h, d'}.` };
  const exact = Number(digits) * (given && own ? given.size / own.size : 1);
  const value = vartype === 'integer' ? Math.round(exact) : exact;
  if (min !== null && max !== null && (value < Number(min) || value > Number(max))) return { says: `${name} lies between ${min} and ${max}${unit === null ? '' : ` (in units of ${unit})`}.` };
  return { value };
}

const truths: Record<string, string> = { on: 'on', true: 'on', yes: 'on', 1: 'on', off: 'off', false: 'off', no: 'off', 0: 'off' };

/** Reads a value as PostgreSQL would, before it is asked: a mistake would stand as an error in the server's log. */
export function wantedValue(setting: Setting, text: string): Canonical {
  if (setting.vartype === 'bool') {
    const value = truths[text.toLowerCase()];
    return value === undefined ? { says: `${setting.name} is on or off.` } : { value };
  }
  if (setting.vartype === 'enum') {
    const value = setting.allowed?.find((one) => one.toLowerCase() === text.toLowerCase());
    return value === undefined ? { says: `${setting.name} is one of ${setting.allowed?.join(', ') ?? ''}.` } : { value };
  }
  return setting.vartype === 'string' ? { value: text } : numberOf(setting, text);
}
