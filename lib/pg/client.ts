import 'server-only';
import pg from 'pg';

/** Told of every statement that a client ran: the metrics listen here. */
export type QueryObserver = (text: string, ms: number, failed: boolean) => void;

let observer: QueryObserver = () => {};

export function observeQueries(next: QueryObserver): void {
  observer = next;
}

type Submitted = { text?: string; submit?: unknown; queryMode?: string };

/**
 * A node-postgres client that always speaks the extended protocol, in which the server refuses a second statement
 * behind a semicolon; the simple protocol, node-postgres's choice for a query without parameters, runs both.
 */
export class DeskClient extends pg.Client {
  /** Whether the session is PostgreSQL's own: behind a pooler the process id of the handshake is made up. */
  direct = false;
  /** What was asked for the session; behind a pooler each transaction sets it, see `inTransaction`. */
  settings: Record<string, string> = {};
  /** Told of every statement of this connection, in the context of whoever sent it. */
  ran: (text: string, ms: number, failed: boolean, rows: number) => void = () => {};

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // The pool listens only while a connection is idle. One that dies in a borrower's hands fails the query at hand, which
    // is how the borrower learns of it; the event beside it, heard by nobody, would end the process.
    this.on('error', () => {});
  }

  // node-postgres overloads `query` eight ways; the arguments pass through untouched but for the mode.
  override query = ((config: unknown, ...rest: unknown[]) => {
    const submitted = typeof config === 'string' ? { text: config, queryMode: 'extended' } : withMode(config);
    const started = performance.now();
    const result: unknown = Reflect.apply(pg.Client.prototype.query, this, [submitted, ...rest]);
    if (result instanceof Promise) {
      const text = textOf(submitted);
      const done = (failed: boolean, rows: number) => {
        const ms = performance.now() - started;
        observer(text, ms, failed);
        this.ran(text, ms, failed, rows);
      };
      result.then((answer: unknown) => done(false, rowsIn(answer)), () => done(true, 0));
    }
    return result;
  }) as pg.Client['query'];
}

const rowsIn = (answer: unknown): number => (answer as { rowCount?: number | null } | undefined)?.rowCount ?? 0;

/**
 * One statement by the simple protocol, in which a parameter can stay without a value: EXPLAIN (GENERIC_PLAN) folds the
 * values that the extended one makes it send. The caller has had the very same text taken by the extended protocol, so
 * that the server itself has said that it is one statement.
 */
export function simply(client: DeskClient, text: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const config = { text, types: { getTypeParser: () => (value: string) => value } };
    const done = (error: Error | null, result: pg.QueryResult<Record<string, string>>) => (error ? reject(error) : resolve(result.rows.map((row) => String(Object.values(row)[0]))));
    Reflect.apply(pg.Client.prototype.query, client, [new pg.Query(config as never, done as never)]);
  });
}

function withMode(config: unknown): unknown {
  const isPlain = typeof config === 'object' && config !== null && !('submit' in config);
  return isPlain ? { ...config, queryMode: 'extended' } : config;
}

function textOf(config: unknown): string {
  const { text } = (config ?? {}) as Submitted;
  return typeof text === 'string' ? text : '';
}

/**
 * Session settings right after connecting. Through a pooler in transaction mode they would stay behind on a server
 * connection that others use, so there they are left alone and each transaction sets its own.
 */
export async function prepareSession(client: DeskClient, settings: Record<string, string>): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const { processID } = client as unknown as { processID: number | null };
  client.direct = rows[0]?.pid === processID;
  client.settings = settings;
  if (client.direct) await setAll(client, settings, 'session');
}

async function setAll(client: DeskClient, settings: Record<string, string>, scope: 'session' | 'transaction'): Promise<void> {
  const names = Object.keys(settings);
  const calls = names.map((_, index) => `set_config($${index * 2 + 1}, $${index * 2 + 2}, ${scope === 'transaction'})`);
  await client.query(`select ${calls.join(', ')}`, names.flatMap((name) => [name, settings[name]]));
}

/** Runs `work` between begin and commit, or rolls back; a connection that cannot even do that is closed. */
export async function inTransaction<T>(client: DeskClient, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    if (!client.direct) await setAll(client, client.settings, 'transaction');
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => client.end());
    throw error;
  }
}
