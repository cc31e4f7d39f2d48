import { maskSecrets } from '@/lib/kit/mask';

const sizes: [string, number][] = [['TB', 1024 ** 4], ['GB', 1024 ** 3], ['MB', 1024 ** 2], ['kB', 1024], ['B', 1]];
const times: [string, number][] = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1000], ['ms', 1]];

/** Bytes of a unit of pg_settings such as `8kB`, null for one of time. */
function unitBytes(unit: string): number | null {
  const [, count = '1', name = ''] = /^(\d*)([a-zA-Z]+)$/.exec(unit) ?? [];
  const size = sizes.find(([one]) => one === name);
  return size ? Number(count || '1') * size[1] : null;
}

/** A setting as SHOW writes it: in the largest unit that divides it; zero and negative values, which mean something of their own, as they are. */
export function shownValue(setting: string, unit: string | null): string {
  const value = Number(setting);
  if (unit === null || setting === '' || !Number.isFinite(value)) return setting;
  if (value <= 0) return setting;
  const bytes = unitBytes(unit);
  if (bytes !== null) return inLargest(value * bytes, sizes);
  const step = times.find(([one]) => one === unit);
  return step ? inLargest(value * step[1], times) : `${setting}${unit}`;
}

function inLargest(value: number, steps: [string, number][]): string {
  const fitting = steps.find(([, size]) => value % size === 0);
  if (fitting) return `${value / fitting[1]}${fitting[0]}`;
  return `${value}${steps.at(-1)?.[0] ?? ''}`;
}

/** A value in bytes, or NULL where it is none: not a size, or a special value. */
export function bytesOf(setting: string, unit: string | null): number | null {
  const bytes = unit === null ? null : unitBytes(unit);
  return bytes === null || Number(setting) < 0 ? null : Number(setting) * bytes;
}

const secretName = /password|passphrase|secret|token|api_?key|credential/i;
const harmless = new Set(['password_encryption', 'ssl_passphrase_command_supports_reload', 'md5_password_warnings']);

/** A setting of an application may hold a secret, and a connection string a password. */
export function withoutSecret(name: string, value: string): string {
  if (value === '') return value;
  if (secretName.test(name) && !harmless.has(name)) return '…';
  if (name === 'primary_conninfo') return value.replace(/(password\s*=\s*)(?:'[^']*'|\S+)/i, '$1…');
  return name.endsWith('_command') || value.includes('://') ? withoutPasswordWords(value) : value;
}

/** A command can carry a password in its text. */
function withoutPasswordWords(value: string): string {
  const shown = maskSecrets(value).replace(/(:\/\/[^/\s:@]*:)[^/\s@]+@/g, '$1…@');
  return shown.replace(/((?:password|secret|token)=)\S+/gi, '$1…');
}
