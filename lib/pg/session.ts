import 'server-only';
import pg from 'pg';
import { DeskClient, prepareSession } from './client';
import { fallbackSsl, firstSsl, type ConnectionSettings } from './connection';
import { types } from './parsers';

type SessionOptions = { name: string; connectTimeoutMs: number };

/**
 * A dedicated session outside every pool, for work that keeps session state: migrations, advisory locks, maintenance.
 * A pooled connection would keep an open transaction, locks and SETs for its next borrower.
 */
export async function withSession<T>(settings: ConnectionSettings, options: SessionOptions, work: (client: DeskClient) => Promise<T>): Promise<T> {
  const client = await connectSession(settings, options);
  try {
    await prepareSession(client, { TimeZone: 'UTC' });
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

const connectSession = (settings: ConnectionSettings, options: SessionOptions): Promise<DeskClient> => connected(settings, options, (config) => new DeskClient(config));

async function connected<C extends pg.Client>(settings: ConnectionSettings, options: SessionOptions, make: (config: pg.ClientConfig) => C): Promise<C> {
  const open = async (ssl: ReturnType<typeof firstSsl>) => {
    const { host, port, database, user, password } = settings;
    const client = make({ host, port, database, user, password, ssl, types, application_name: `riskdesk-${options.name}`, connectionTimeoutMillis: options.connectTimeoutMs, keepAlive: true });
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

/** Rows as text by column name. */
type Shown = Record<string, string | null>[];

/**
 * A session with PgBouncer's admin console, which speaks the simple protocol only and ends a session that tries the other. It takes
 * a word for SHOW and nothing else, so nothing can stand behind a semicolon.
 */
export class AdminConsole {
  private constructor(private readonly client: pg.Client) {}

  static async open(settings: ConnectionSettings, options: SessionOptions & { queryTimeoutMs: number }): Promise<AdminConsole> {
    const asText = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;
    const place = { ...settings, database: 'pgbouncer' };
    return new AdminConsole(await connected(place, options, (config) => new pg.Client({ ...config, types: asText, query_timeout: options.queryTimeoutMs })));
  }

  async show(what: string): Promise<Shown> {
    if (!/^[A-Z]{1,20}$/.test(what)) throw new Error('not a word of SHOW');
    const { rows } = await this.client.query<Record<string, string | null>>(`SHOW ${what}`);
    return rows;
  }

  /** Told once, when the session is over for whatever reason. */
  onEnd(ended: () => void): void {
    this.client.once('end', ended);
  }

  async end(): Promise<void> {
    await this.client.end().catch(() => {});
  }
}
