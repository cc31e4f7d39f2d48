import 'server-only';

type Level = 'info' | 'warn' | 'error';

/** One JSON line on standard error; callers pass no secrets and no row data. */
export function log(level: Level, message: string, fields: Record<string, unknown> = {}): void {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, message, ...fields })}\n`);
}
