import { describe, expect, it } from 'vitest';
import { parseEnv, SettingsError } from './env';

const lines = (source: Record<string, string>): string[] => {
  try {
    parseEnv(source);
  } catch (error) {
    if (error instanceof SettingsError) return error.lines;
    throw error;
  }
  return [];
};

describe('settings', () => {
  it('has the defaults of the guide', () => {
    expect(parseEnv({})).toMatchObject({
      DB_HOST: 'localhost', DB_PORT: 5432, DB_NAME: 'risk_assessment', DB_USER: 'postgres', DB_SSL_MODE: 'require', DB_MAX_CONNECTIONS: 25,
      DB_MIN_CONNECTIONS: 5, DB_MAX_LIFETIME: 300_000, DB_MAX_IDLE_TIME: 60_000, DB_CONNECT_TIMEOUT: 30_000, DB_QUERY_TIMEOUT: 30_000,
    });
  });

  it('reads durations in their units', () => {
    expect(parseEnv({ DB_QUERY_TIMEOUT: '250ms', DB_MAX_LIFETIME: '2h', DB_MAX_IDLE_TIME: '90s' })).toMatchObject({ DB_QUERY_TIMEOUT: 250, DB_MAX_LIFETIME: 7_200_000, DB_MAX_IDLE_TIME: 90_000 });
  });

  it.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', '::1/129', '10.0.0.1 x'])('refuses %s as a proxy', (text) => {
    expect(lines({ TRUSTED_PROXIES: text })).toEqual(['TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8']);
  });

  it('reads proxies as addresses and networks', () => {
    expect(parseEnv({ TRUSTED_PROXIES: '10.0.0.0/8, 192.168.1.5 fd00::/8' }).TRUSTED_PROXIES).toEqual(['10.0.0.0/8', '192.168.1.5', 'fd00::/8']);
  });

  it('counts an empty value as unset', () => {
    expect(parseEnv({ DB_PORT: '', METRICS_TOKEN: '' })).toMatchObject({ DB_PORT: 5432 });
  });

  it.each([
    [{ DB_PORT: '70000' }, 'DB_PORT must be at most 65535'],
    [{ DB_PORT: '54a' }, 'DB_PORT must be a whole number'],
    [{ DB_QUERY_TIMEOUT: '30' }, 'DB_QUERY_TIMEOUT must be a duration such as 30s, 5m or 500ms'],
    [{ DB_SSL_MODE: 'on' }, 'DB_SSL_MODE must be one of disable, allow, prefer, require, verify-ca, verify-full'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must be a URL such as postgres://user:password@host:5432/database'],
    [{ DATABASE_URL: 'postgres://h/d?sslmode=verify_full' }, 'DATABASE_URL must have one of disable, allow, prefer, require, verify-ca, verify-full as sslmode'],
    [{ TARGETS: 'a=postgres://h/d?sslmode=on' }, 'TARGETS entry 1 must be name=postgres://…, with a lower-case name of its own that is not main, and a known sslmode if any'],
    [{ DB_MAX_CONNECTIONS: '2' }, 'DB_MIN_CONNECTIONS must not exceed DB_MAX_CONNECTIONS'],
    [{ ADMIN_EMAIL: 'a@b.example' }, 'ADMIN_EMAIL and ADMIN_PASSWORD must be set together'],
    [{ TARGETS: 'a=postgres://h/d b=nonsense' }, 'TARGETS entry 2 must be name=postgres://…, with a lower-case name of its own that is not main, and a known sslmode if any'],
  ])('refuses %o with one line', (source, line) => {
    expect(lines(source)).toEqual([line]);
  });

  it('never repeats a value (S8)', () => {
    const secret = 'hunter2-canary';
    const wrong = { DATABASE_URL: `mysql://u:${secret}@h/d`, METRICS_TOKEN: 'short', TARGETS: `x=http://u:${secret}@h`, DB_MONITOR_URL: `postgres://u:${secret}%zz@h/d`, ADMIN_EMAIL: 'a@b.example', ADMIN_PASSWORD: 'short' };
    expect(lines(wrong).join('\n')).not.toContain(secret);
    expect(lines(wrong)).toHaveLength(5);
  });
});
