import 'server-only';
import { createHash } from 'node:crypto';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import * as schema from '@/drizzle/schema';
import { readEnv } from '@/lib/env';
import { inTransaction, type DeskClient } from '@/lib/pg/client';
import { ownSettings } from '@/lib/pg/connection';
import { isBusy } from '@/lib/pg/errors';
import { DeskPool } from '@/lib/pg/pool';
import { render, sql, type SQL } from '@/lib/pg/sql';
import { currentTag, plainTag, routeWatch } from './route';

type Row = Record<string, unknown>;

/** What verbs work on: the pool, or one transaction. */
export type Database = {
  /** Drizzle's builder, on the same connection. */
  orm: NodePgDatabase<typeof schema>;
  /** The rows of one statement. The row type is the caller's word for what its SQL returns. */
  rows: <T extends Row>(statement: SQL, options?: RowsOptions) => Promise<T[]>;
  /** What was written with synchronous_commit off is on disk, at the level that was put off: in a transaction once it has committed, before whoever asked for it gets an answer. `then` is called after that, with whether no crash can undo it. */
  flush: (level: string, then: (onDisk: boolean) => void) => Promise<void>;
};

export type RowsOptions = {
  /** Planned for these very values: one plan for all values is wrong where a filter may fit most rows or none, and over many partitions locks each one. */
  planEachTime?: boolean;
  /** The same text in every route, which is then prepared once a connection rather than once for each: it does not say for which. */
  everyRoute?: boolean;
  /** A limit of this statement's own, in a transaction of its own. */
  timeoutMs?: number;
  /** Who asks, and what a diagnostic needs of ours: where the pool has no connection to give, on the one that is kept for this. */
  reserved?: boolean;
};

export type Connections = { pool: DeskPool; reserve: DeskPool; database: Database };

// Next evaluates modules once per bundle and again on a reload in development: the pool must outlive both.
const shared = globalThis as typeof globalThis & { riskdeskConnections?: Connections };

function open(): Connections {
  const env = readEnv();
  const poolOf = (name: string, max: number, min: number, acquireTimeoutMs: number) => new DeskPool({
    name,
    connection: ownSettings('app', env),
    max,
    min,
    maxLifetimeMs: env.DB_MAX_LIFETIME,
    maxIdleMs: env.DB_MAX_IDLE_TIME,
    connectTimeoutMs: env.DB_CONNECT_TIMEOUT,
    queryTimeoutMs: env.DB_QUERY_TIMEOUT,
    acquireTimeoutMs,
    watch: routeWatch,
  });
  const pool = poolOf('app', env.DB_MAX_CONNECTIONS, env.DB_MIN_CONNECTIONS, 900);
  // What it is for takes a millisecond, also behind a hundred others.
  const reserve = poolOf('reserve', 1, 1, 3000);
  const guarded = new Proxy(pool.driver, {
    get: (target, property) => (property === 'query' ? guardedQuery(pool) : Reflect.get(target, property, target)),
  });
  const database: Database = {
    orm: drizzle(guarded, { schema }),
    rows: (statement, options = {}) => {
      const { timeoutMs, reserved } = options;
      if (timeoutMs !== undefined) return pool.use((client) => runInTime(client, statement, timeoutMs));
      const ask = (of: DeskPool) => once(of, (client) => run<never>(client, statement, options));
      return reserved ? withReserve(pool, reserve, ask) : ask(pool);
    },
    flush: async (level, then) => {
      await once(pool, (client) => flushed(client, level));
      then(level !== 'off');
    },
  };
  return { pool, reserve, database };
}

async function withReserve<T>(pool: DeskPool, reserve: DeskPool, work: (pool: DeskPool) => Promise<T>): Promise<T> {
  if (pool.isFull()) return work(reserve);
  try {
    return await work(pool);
  } catch (error) {
    if (!isBusy(error)) throw error;
    return work(reserve);
  }
}

/** One statement on its own. Behind a pooler it gets a transaction, because nothing else there carries its settings. */
function once<T>(pool: DeskPool, work: (client: DeskClient) => Promise<T>): Promise<T> {
  return pool.use((client) => (client.direct ? work(client) : inTransaction(client, () => work(client))));
}

/** Drizzle's own queries pass the same breaker and bounded wait as ours. */
function guardedQuery(pool: DeskPool) {
  return (...args: unknown[]) => once(pool, (client) => Reflect.apply(client.query, client, withTag(args)) as Promise<unknown>);
}

/** One connection for Drizzle's builder, its statements tagged as ours are. */
const tagging = (client: DeskClient): DeskClient =>
  new Proxy(client, { get: (target, property) => (property === 'query' ? (...args: unknown[]) => Reflect.apply(target.query, target, withTag(args)) as unknown : Reflect.get(target, property, target)) });

function withTag([first, ...rest]: unknown[]): unknown[] {
  const tag = currentTag();
  if (tag === null) return [first, ...rest];
  if (typeof first === 'string') return [tagged(first, tag), ...rest];
  const { text } = (first ?? {}) as { text?: unknown };
  return [typeof text === 'string' ? { ...(first as object), text: tagged(text, tag) } : first, ...rest];
}

/** Behind the first word: pg_stat_statements of 18 drops a comment in front of it, and pg_stat_activity cuts off the end of a long text. */
const tagged = (text: string, tag: string): string => text.replace(/^\s*\w+/, (word) => `${word} ${tag}`);

type Sent = { text: string; name: string };
const sent = new Map<string, Map<string, Sent>>();

/** The hash of the text in the name: two releases of the console can share a pooler without sharing a name for two texts. */
function sentAs(text: string, tag: string | null): Sent {
  const key = tag ?? '';
  let ofTag = sent.get(key);
  if (!ofTag) sent.set(key, (ofTag = new Map()));
  const known = ofTag.get(text);
  if (known) return known;
  const whole = tag === null ? text : tagged(text, tag);
  const made = { text: whole, name: `rd_${createHash('sha256').update(whole).digest('base64url').slice(0, 24)}` };
  if (ofTag.size < 500) ofTag.set(text, made);
  return made;
}

async function run<T extends Row>(client: DeskClient, statement: SQL, { planEachTime = false, everyRoute = false }: RowsOptions = {}): Promise<T[]> {
  const { text, values } = render(statement);
  const tag = currentTag();
  const as = sentAs(text, tag === null || !everyRoute ? tag : plainTag);
  const result = await client.query<T>(client.direct && !planEachTime ? { ...as, values } : { text: as.text, values });
  return result.rows;
}

function runInTime<T extends Row>(client: DeskClient, statement: SQL, ms: number): Promise<T[]> {
  return inTransaction(client, async () => {
    await client.query(`select set_config('statement_timeout', $1, true)`, [String(ms)]);
    return run<T>(client, statement, { planEachTime: true });
  });
}

function connections(): Connections {
  shared.riskdeskConnections ??= open();
  return shared.riskdeskConnections;
}

/** The product's own database through the application's pool. */
export const database = (): Database => connections().database;

export const appPool = (): DeskPool => connections().pool;

/** One connection that is open before it is needed, for statements that are `reserved`. */
export const reservePool = (): DeskPool => connections().reserve;

/** Runs `work` in one transaction: all of it or nothing. */
export async function transaction<T>(work: (tx: Database) => Promise<T>): Promise<T> {
  return appPool().use(async (client) => {
    let owed = 'off';
    const after: ((onDisk: boolean) => void)[] = [];
    const flush = async (level: string, then: (onDisk: boolean) => void) => {
      // The next in the same transaction reads what the first has put off.
      if (owed === 'off') owed = level;
      after.push(then);
    };
    const result = await inTransaction(client, () => work({ orm: drizzle(tagging(client), { schema }), rows: (statement, options) => run(client, statement, options), flush }));
    if (owed !== 'off') await (client.direct ? flushed(client, owed) : inTransaction(client, () => flushed(client, owed)));
    for (const then of after) then(owed !== 'off');
    return result;
  });
}

/** A commit waits for all WAL before its own, together with whoever else waits; it has to have written some, and a message that nobody reads is the least. */
async function flushed(client: DeskClient, level: string): Promise<void> {
  if (level !== 'off') await run(client, sql`select set_config('synchronous_commit', ${level}, true), pg_logical_emit_message(true, 'riskdesk', '')`, { everyRoute: true });
}

/** Ends the pool; the next use opens a new one. For tests and scripts. */
export async function closeDatabase(): Promise<void> {
  const current = shared.riskdeskConnections;
  delete shared.riskdeskConnections;
  await Promise.all([current?.pool.end(), current?.reserve.end()]);
}
