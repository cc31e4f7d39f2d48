import { SettingsError, parseEnv } from '@/lib/env';
import { PlainError } from '../plain-error';

/** With neither variable the console brings its own PostgreSQL. */
export function usesOwnDatabase(): boolean {
  return !process.env.DB_HOST && !process.env.DATABASE_URL;
}

/** Checks every setting before anything slow begins. What the own database will set is filled in for the check. */
export function checkSettings(): { port: number } {
  const filled = usesOwnDatabase() ? { DB_HOST: '127.0.0.1', DB_SSL_MODE: 'disable' } : {};
  try {
    return { port: parseEnv({ ...process.env, ...filled }).PORT };
  } catch (error) {
    if (error instanceof SettingsError) throw new PlainError(error.lines.join('\n'));
    throw error;
  }
}
