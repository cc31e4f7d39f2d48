import 'server-only';
import pg from 'pg';
import { ConsecutiveBreaker, circuitBreaker, handleWhen, type CircuitBreakerPolicy } from 'cockatiel';
import { AppError } from '@/lib/errors';
import type { PoolFigures } from '@/lib/kit/diagnostic';
import { DeskClient, prepareSession } from './client';
import { fallbackSsl, firstSsl, type ConnectionSettings } from './connection';
import { isUnavailable } from './errors';
import { types } from './parsers';

/** Told of what callers ask of a pool, in their own asynchronous context. */
export type PoolWatch = {
  ran: DeskClient['ran'];
  /** A caller begins to wait for a connection; what it returns is told when the wait is over. */
  waits: () => (ms: number) => void;
};

export type PoolOptions = {
  name: string;
  connection: ConnectionSettings;
  max: number;
  min: number;
  maxLifetimeMs: number;
  maxIdleMs: number;
  connectTimeoutMs: number;
  /** Server-side statement_timeout; the driver gives up one second later. */
  queryTimeoutMs: number;
  /** How long a caller may wait for a free connection before it is told 503. */
  acquireTimeoutMs: number;
  /** Further session settings. */
  session?: Record<string, string>;
  watch?: PoolWatch;
};

/** Connections failed in a row until callers are refused at once; then one probe a second. */
const breakerThreshold = 3;
const breakerProbeMs = 1000;

/**
 * One pool of connections to one server: counts what node-postgres does not (waits, time waited, why connections were
 * closed), refuses quickly when the server is away (circuit breaker) or every connection is taken (bounded wait), and
 * never lets a dying idle connection take the process down.
 */
export class DeskPool {
  readonly name: string;
  private readonly pool: pg.Pool;
  private readonly breaker: CircuitBreakerPolicy;
  private readonly options: PoolOptions;
  private readonly since = new Date().toISOString();
  private readonly counts = { acquired: 0, waits: 0, waitMs: 0, maxWaitMs: 0, timeouts: 0, closedIdle: 0, closedLifetime: 0, closedError: 0, connectFailures: 0 };

  constructor(options: PoolOptions) {
    this.name = options.name;
    this.options = options;
    this.breaker = circuitBreaker(handleWhen(isUnavailable), { halfOpenAfter: breakerProbeMs, breaker: new ConsecutiveBreaker(breakerThreshold) });
    this.pool = new pg.Pool(this.driverOptions());
    this.pool.on('acquire', () => (this.counts.acquired += 1));
    // Also keeps a connection that dies while idle from ending the process.
    this.pool.on('error', () => (this.counts.closedError += 1));
    this.pool.on('release', (error) => {
      if (error) this.counts.closedError += 1;
    });
  }

  private driverOptions(): pg.PoolConfig {
    const { connection, queryTimeoutMs, session, watch } = this.options;
    const settings = { TimeZone: 'UTC', statement_timeout: String(queryTimeoutMs), idle_in_transaction_session_timeout: '60000', ...session };
    return {
      host: connection.host,
      port: connection.port,
      database: connection.database,
      user: connection.user,
      password: connection.password,
      ssl: firstSsl(connection),
      types,
      Client: DeskClient,
      application_name: `riskdesk-${this.name}`,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      max: this.options.max,
      min: this.options.min,
      idleTimeoutMillis: this.options.maxIdleMs,
      maxLifetimeSeconds: Math.ceil(this.options.maxLifetimeMs / 1000),
      connectionTimeoutMillis: this.options.connectTimeoutMs,
      query_timeout: queryTimeoutMs + 1000,
      onConnect: async (client: unknown) => {
        const desk = client as DeskClient;
        await prepareSession(desk, settings);
        // What opens a connection is nobody's statement.
        if (watch) desk.ran = watch.ran;
      },
      log: (message: unknown) => this.onLog(message),
    } as pg.PoolConfig;
  }

  /** node-postgres tells why it closed a connection only in its log; a test pins these texts to the installed version. */
  private onLog(message: unknown): void {
    if (message === 'remove idle client') this.counts.closedIdle += 1;
    else if (message === 'remove expired client') this.counts.closedLifetime += 1;
    else if (message === 'client failed to connect') this.counts.connectFailures += 1;
  }

  /** A connection of the pool; the caller releases it. @throws AppError database_busy, or the driver's error */
  async connect(): Promise<DeskClient & pg.PoolClient> {
    return this.breaker.execute(() => this.acquire());
  }

  private async acquire(): Promise<DeskClient & pg.PoolClient> {
    const queued = this.isFull();
    const started = performance.now();
    const waited = queued ? this.options.watch?.waits() : undefined;
    try {
      return await this.acquireInTime();
    } finally {
      const ms = performance.now() - started;
      if (queued) this.countWait(ms);
      waited?.(ms);
    }
  }

  private countWait(ms: number): void {
    this.counts.waits += 1;
    this.counts.waitMs += ms;
    this.counts.maxWaitMs = Math.max(this.counts.maxWaitMs, ms);
  }

  private async acquireInTime(): Promise<DeskClient & pg.PoolClient> {
    let state: 'pending' | 'settled' | 'late' = 'pending';
    const pending = this.open().then((client) => {
      if (state === 'late') client.release();
      return client;
    });
    const settle = () => {
      if (state === 'pending') state = 'settled';
    };
    pending.then(settle, settle);
    const giveUp = (reject: (error: Error) => void) => {
      if (state !== 'pending') return;
      state = 'late';
      this.counts.timeouts += 1;
      reject(this.tooLate());
    };
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      // In a process that was busy itself the timer comes before a connection that has been there for long: one more turn.
      timer = setTimeout(() => setImmediate(() => setImmediate(() => giveUp(reject))), this.options.acquireTimeoutMs);
    });
    try {
      return await Promise.race([pending, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Every connection taken is another thing than a server that does not answer the handshake. */
  private tooLate(): Error {
    if (this.pool.totalCount - this.pool.idleCount >= this.options.max) {
      return new AppError('database_busy', `All ${this.options.max} connections of the ${this.name} pool are in use.`, { retryAfter: 1 });
    }
    return new Error('Connection terminated due to connection timeout');
  }

  private async open(): Promise<DeskClient & pg.PoolClient> {
    try {
      return (await this.pool.connect()) as DeskClient & pg.PoolClient;
    } catch (error) {
      const ssl = fallbackSsl(this.options.connection, error);
      if (ssl === undefined || ssl === this.pool.options.ssl) throw error;
      this.pool.options.ssl = ssl;
      return (await this.pool.connect()) as DeskClient & pg.PoolClient;
    }
  }

  /** Runs `work` on one connection; a connection whose work failed on the wire is closed, not reused. */
  async use<T>(work: (client: DeskClient) => Promise<T>): Promise<T> {
    return this.breaker.execute(async () => {
      const client = await this.acquire();
      try {
        const result = await work(client);
        client.release();
        return result;
      } catch (error) {
        client.release(isUnavailable(error) ? true : undefined);
        throw error;
      }
    });
  }

  /** Opens the minimum of connections. */
  async warm(): Promise<void> {
    const clients = await Promise.all(Array.from({ length: Math.max(1, this.options.min) }, () => this.connect()));
    for (const client of clients) client.release();
  }

  /** Whoever asks now has to wait for somebody else's connection. */
  isFull(): boolean {
    return this.pool.idleCount === 0 && this.pool.totalCount >= this.options.max;
  }

  figures(): PoolFigures {
    const { totalCount: open, idleCount: idle, waitingCount } = this.pool;
    // Whoever an idle connection serves in this very tick does not wait.
    const waiting = Math.max(0, waitingCount - idle);
    return { name: this.name, max: this.options.max, open, inUse: open - idle, idle, waiting, ...this.counts, since: this.since };
  }

  /** For Drizzle, which takes the driver's pool. */
  get driver(): pg.Pool {
    return this.pool;
  }

  async end(): Promise<void> {
    await this.pool.end();
  }
}
