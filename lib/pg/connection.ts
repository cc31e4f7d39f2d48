import 'server-only';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { readEnv, SettingsError, sslModes, type Env, type SslMode } from '@/lib/env';

/** Where a server is and how to get in. The password never leaves this object for a message or a log. */
export type ConnectionSettings = {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  sslMode: SslMode;
  sslRootCert?: string;
};

const isSslMode = (text: string | null): text is SslMode => sslModes.some((mode) => mode === text);

/** A `postgres://` URL as settings. libpq's default for a URL without sslmode is `prefer`. */
export function fromUrl(text: string): ConnectionSettings {
  const url = new URL(text);
  const sslMode = url.searchParams.get('sslmode');
  const rootCert = url.searchParams.get('sslrootcert');
  return {
    host: url.searchParams.get('host') ?? (decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '') || 'localhost'),
    port: url.port ? Number(url.port) : 5432,
    database: decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username) || 'postgres',
    user: decodeURIComponent(url.username) || 'postgres',
    password: decodeURIComponent(url.password),
    sslMode: isSslMode(sslMode) ? sslMode : 'prefer',
    ...(rootCert ? { sslRootCert: rootCert } : {}),
  };
}

function fromParts(env: Env): ConnectionSettings {
  return {
    host: env.DB_HOST,
    port: env.DB_PORT,
    database: env.DB_NAME,
    user: env.DB_USER,
    password: env.DB_PASSWORD,
    sslMode: env.DB_SSL_MODE,
    ...(env.DB_SSL_ROOT_CERT ? { sslRootCert: env.DB_SSL_ROOT_CERT } : {}),
  };
}

/** The three uses of the product's own database; each has its role where the settings give one. */
export type Purpose = 'app' | 'monitor' | 'maintenance';

export function ownSettings(purpose: Purpose, env: Env = readEnv()): ConnectionSettings {
  if (purpose === 'monitor' && env.DB_MONITOR_URL) return fromUrl(env.DB_MONITOR_URL);
  if (purpose === 'maintenance' && env.DB_MAINTENANCE_URL) return fromUrl(env.DB_MAINTENANCE_URL);
  return env.DATABASE_URL ? fromUrl(env.DATABASE_URL) : fromParts(env);
}

/**
 * SSL as libpq means it (node-postgres reads the same words differently): only `verify-ca` and `verify-full` check the
 * certificate, `require` does when a root certificate is given, `prefer` and `allow` may go on in plain text.
 */
export function firstSsl(settings: ConnectionSettings): ConnectionOptions | false {
  return settings.sslMode === 'disable' || settings.sslMode === 'allow' ? false : tlsOptions(settings);
}

/** The other choice of `prefer` and `allow` after the first was refused for that reason; undefined where there is none. */
export function fallbackSsl(settings: ConnectionSettings, error: unknown): ConnectionOptions | false | undefined {
  const message = error instanceof Error ? error.message : '';
  if (settings.sslMode === 'prefer' && /does not support SSL|pg_hba\.conf.*SSL encryption/.test(message)) return false;
  if (settings.sslMode === 'allow' && /pg_hba\.conf.*no encryption/.test(message)) return tlsOptions(settings);
  return undefined;
}

function tlsOptions(settings: ConnectionSettings): ConnectionOptions {
  const ca = settings.sslRootCert && settings.sslRootCert !== 'system' ? { ca: rootCertificate(settings.sslRootCert) } : {};
  switch (settings.sslMode) {
    case 'verify-full':
      return { ...ca, rejectUnauthorized: true };
    case 'verify-ca':
      return { ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case 'require':
      return settings.sslRootCert ? { ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined } : { rejectUnauthorized: false };
    default:
      return { rejectUnauthorized: false };
  }
}

function rootCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new SettingsError(['DB_SSL_ROOT_CERT, or sslrootcert in a URL, names a file that cannot be read.']);
  }
}
