import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SslMode } from '@/lib/env';
import { serverAccount } from '@/scripts/postgres/account';
import { startTestServer, type TestServer } from '@/test/cluster';
import { firstSsl, fromUrl, type ConnectionSettings } from './connection';
import { DeskPool } from './pool';
import { withSession } from './session';

let server: TestServer;
const directory = mkdtempSync(join(tmpdir(), 'riskdesk-tls-'));
const file = (name: string) => join(directory, name);

beforeAll(async () => {
  const names = [{ type: 2 as const, value: 'localhost' }];
  const [own, other] = await Promise.all([
    generate([{ name: 'commonName', value: 'localhost' }], { extensions: [{ name: 'subjectAltName', altNames: names }] }),
    generate([{ name: 'commonName', value: 'elsewhere.example' }]),
  ]);
  writeFileSync(file('server.crt'), own.cert);
  writeFileSync(file('server.key'), own.private, { mode: 0o600 });
  writeFileSync(file('other.crt'), other.cert);
  chmodSync(directory, 0o755);
  const account = serverAccount(join(directory, 'data'));
  if (account) chownSync(file('server.key'), account.uid, account.gid);
  server = await startTestServer({ settings: { ssl: 'on', ssl_cert_file: file('server.crt'), ssl_key_file: file('server.key') } });
  writeFileSync(join(server.dataDir, 'pg_hba.conf'), 'hostssl all tls_only all trust\nhostnossl all plain_only all trust\nhost all postgres all scram-sha-256\n');
  await withSession(fromUrl(server.url()), { name: 'tls', connectTimeoutMs: 5000 }, async (client) => {
    for (const role of ['tls_only', 'plain_only']) await client.query(`create role ${role} login`);
    await client.query('select pg_reload_conf()');
  });
});

afterAll(async () => {
  await server.dispose();
  rmSync(directory, { recursive: true });
});

type Who = { host: string; user?: string; rootCert?: string };

const encryption = "select case when ssl then 'encrypted' else 'plain' end as it from pg_stat_ssl where pid = pg_backend_pid()";

const settingsOf = (sslMode: SslMode, { host, user = 'postgres', rootCert }: Who) => ({ ...fromUrl(server.url()), host, user, sslMode, ...(rootCert ? { sslRootCert: file(rootCert) } : {}) });

/** Both ways to connect: a session of its own, and a pool. */
const ways = {
  session: (settings: ConnectionSettings) => withSession(settings, { name: 'tls', connectTimeoutMs: 5000 }, (client) => client.query<{ it: string }>(encryption)),
  pool: async (settings: ConnectionSettings) => {
    const pool = new DeskPool({ name: 'tls', connection: settings, max: 1, min: 0, maxLifetimeMs: 60_000, maxIdleMs: 60_000, connectTimeoutMs: 5000, queryTimeoutMs: 5000, acquireTimeoutMs: 5000 });
    return pool.use((client) => client.query<{ it: string }>(encryption)).finally(() => pool.end());
  },
};

describe.each(['session', 'pool'] as const)('SSL as libpq means it, by %s, on a server with a self-signed certificate for localhost', (way) => {
  const connect = (mode: SslMode, who: Who) => ways[way](settingsOf(mode, who)).then(({ rows }) => rows[0]?.it, () => 'refused');

  test.each<[SslMode, string, string | undefined, string]>([
    ['disable', '127.0.0.1', undefined, 'plain'],
    ['allow', '127.0.0.1', undefined, 'plain'],
    ['prefer', '127.0.0.1', undefined, 'encrypted'],
    ['require', '127.0.0.1', undefined, 'encrypted'],
    ['require', '127.0.0.1', 'server.crt', 'encrypted'],
    ['require', '127.0.0.1', 'other.crt', 'refused'],
    ['verify-ca', '127.0.0.1', 'server.crt', 'encrypted'],
    ['verify-ca', 'localhost', 'other.crt', 'refused'],
    ['verify-ca', 'localhost', undefined, 'refused'],
    ['verify-full', 'localhost', 'server.crt', 'encrypted'],
    ['verify-full', 'localhost', 'other.crt', 'refused'],
    ['verify-full', '127.0.0.1', 'server.crt', 'refused'],
    ['verify-full', 'localhost', undefined, 'refused'],
  ])('%s to %s with root certificate %s: %s', async (mode, host, rootCert, expected) => {
    expect(await connect(mode, { host, ...(rootCert ? { rootCert } : {}) })).toBe(expected);
  });

  // The server lets these two roles in by one way only.
  test.each<[SslMode, string, string]>([
    ['disable', 'tls_only', 'refused'],
    ['allow', 'tls_only', 'encrypted'],
    ['prefer', 'tls_only', 'encrypted'],
    ['disable', 'plain_only', 'plain'],
    ['allow', 'plain_only', 'plain'],
    ['prefer', 'plain_only', 'plain'],
    ['require', 'plain_only', 'refused'],
    ['verify-full', 'plain_only', 'refused'],
  ])('%s as %s: %s', async (mode, user, expected) => {
    expect(await connect(mode, { host: 'localhost', user, rootCert: 'server.crt' })).toBe(expected);
  });
});

test('a root certificate that cannot be read is named as a setting', () => {
  expect(() => firstSsl(settingsOf('verify-full', { host: 'localhost', rootCert: 'absent.crt' }))).toThrow('DB_SSL_ROOT_CERT');
});
