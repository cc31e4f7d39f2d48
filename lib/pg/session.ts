import 'server-only';
import { DeskClient, prepareSession } from './client';
import { fallbackSsl, firstSsl, type ConnectionSettings } from './connection';
import { types } from './parsers';

/**
 * A dedicated session outside every pool, for work that keeps session state: migrations, advisory locks, maintenance.
 * A pooled connection would keep an open transaction, locks and SETs for its next borrower.
 */
export async function withSession<T>(settings: ConnectionSettings, options: { name: string; connectTimeoutMs: number }, work: (client: DeskClient) => Promise<T>): Promise<T> {
  const client = await connectSession(settings, options);
  try {
    await prepareSession(client, { TimeZone: 'UTC' });
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function connectSession(settings: ConnectionSettings, options: { name: string; connectTimeoutMs: number }): Promise<DeskClient> {
  const open = async (ssl: ReturnType<typeof firstSsl>) => {
    const { host, port, database, user, password } = settings;
    const client = new DeskClient({ host, port, database, user, password, ssl, types, application_name: `riskdesk-${options.name}`, connectionTimeoutMillis: options.connectTimeoutMs, keepAlive: true });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  try {
    return await open(firstSsl(settings));
  } catch (error) {
    const ssl = fallbackSsl(settings, error);
    if (ssl === undefined) throw error;
    return open(ssl);
  }
}
