import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SslMode } from '@/lib/env';
import { serverAccount } from '@/scripts/postgres/account';
import { startTestServer, type TestServer } from '@/test/cluster';
import { fromUrl } from './connection';
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
});

afterAll(async () => {
  await server.dispose();
  rmSync(directory, { recursive: true });
});

/** Whether the connection was encrypted, or that it failed. */
const connect = (sslMode: SslMode, host: string, rootCert?: string) =>
  withSession({ ...fromUrl(server.url()), host, sslMode, ...(rootCert ? { sslRootCert: file(rootCert) } : {}) }, { name: 'tls', connectTimeoutMs: 5000 }, async (client) => {
    const { rows } = await client.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    return rows[0]?.ssl === true ? 'encrypted' : 'plain';
  }).catch(() => 'refused');

describe('SSL as libpq means it, on a server with a self-signed certificate for localhost', () => {
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
    ['verify-full', '127.0.0.1', 'server.crt', 'refused'],
    ['verify-full', 'localhost', undefined, 'refused'],
  ])('%s to %s with root certificate %s: %s', async (mode, host, rootCert, expected) => {
    expect(await connect(mode, host, rootCert)).toBe(expected);
  });
});
