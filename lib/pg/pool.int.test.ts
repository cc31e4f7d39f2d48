import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '@/test/cluster';
import { fromUrl } from './connection';
import { DeskPool, type PoolOptions } from './pool';
import { toAppError } from './errors';

let server: TestServer;
const pools: DeskPool[] = [];

function poolOf(options: Partial<PoolOptions> = {}): DeskPool {
  const pool = new DeskPool({
    name: 'test', connection: fromUrl(server.url()), max: 3, min: 0, maxLifetimeMs: 300_000, maxIdleMs: 60_000, connectTimeoutMs: 20_000, queryTimeoutMs: 20_000, acquireTimeoutMs: 20_000,
    ...options,
  });
  pools.push(pool);
  return pool;
}

const one = (pool: DeskPool) => pool.use((client) => client.query('select 1 as one')).then(({ rows }) => rows[0] as unknown);
const codeOf = (work: Promise<unknown>) => work.then(() => 'fine', (error: unknown) => toAppError(error)?.code ?? String(error));

/** Polls until it holds: how long that takes is the machine's affair. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

beforeAll(async () => {
  server = await startTestServer({ settings: { max_connections: '12', superuser_reserved_connections: '2' } });
});

// A test's idle connections would be missing to the next one: the server has room for twelve.
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

afterAll(() => server.dispose());

describe('a pool', () => {
  test('counts open, used and idle connections, and why they were closed', async () => {
    const pool = poolOf({ maxIdleMs: 100 });
    const held = await pool.connect();
    expect(pool.figures()).toMatchObject({ open: 1, inUse: 1, idle: 0, acquired: 1 });
    held.release();
    expect(pool.figures()).toMatchObject({ open: 1, inUse: 0, idle: 1 });
    await until(() => pool.figures().closedIdle === 1);
    expect(pool.figures()).toMatchObject({ open: 0, closedLifetime: 0 });
  });

  test('closes a connection that has reached its lifetime', async () => {
    const pool = poolOf({ maxLifetimeMs: 1000 });
    await one(pool);
    await until(() => pool.figures().closedLifetime === 1);
  });

  test('counts who waits and for how long; F4: a wait that is too long is database_busy', async () => {
    const pool = poolOf({ acquireTimeoutMs: 1000 });
    const held = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    const waiting = one(pool);
    await until(() => pool.figures().waiting === 1);
    held[0]?.release();
    await waiting;
    expect(pool.figures()).toMatchObject({ waits: 1, timeouts: 0 });
    const again = await pool.connect();
    expect(await codeOf(one(pool))).toBe('database_busy');
    expect(pool.figures()).toMatchObject({ waits: 2, timeouts: 1 });
    expect(pool.figures().waitMs).toBeGreaterThan(0);
    for (const client of [...held.slice(1), again]) client.release();
    expect(await codeOf(one(pool))).toBe('fine');
    await until(() => pool.figures().inUse === 0);
  });

  test('keeps no borrower’s failure: the next one gets a sound connection', async () => {
    const pool = poolOf({ max: 1 });
    expect(await codeOf(pool.use((client) => client.query('select 1/0')))).toContain('division by zero');
    expect(await one(pool)).toEqual({ one: 1 });
  });

  test('S6: refuses a second statement behind a semicolon, with parameters and without', async () => {
    const pool = poolOf();
    await expect(pool.use((client) => client.query('select 1; select 2'))).rejects.toMatchObject({ code: '42601' });
    await expect(pool.use((client) => client.query({ text: 'select 1; select 2' }))).rejects.toMatchObject({ code: '42601' });
    await expect(pool.use((client) => client.query('select $1::int; select 2', [1]))).rejects.toMatchObject({ code: '42601' });
  });

  test('F4: a server without room for another connection is database_busy', async () => {
    const hoard = poolOf({ max: 20 });
    const held = await Promise.allSettled(Array.from({ length: 14 }, () => hoard.connect()));
    expect(await codeOf(one(poolOf()))).toBe('database_busy');
    for (const client of held) if (client.status === 'fulfilled') client.value.release();
    expect(held.some((client) => client.status === 'rejected')).toBe(true);
  });
});

describe('SSL as libpq means it, on a server without', () => {
  const mode = (sslMode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-full') => poolOf({ connection: { ...fromUrl(server.url()), sslMode } });

  test.each(['disable', 'allow', 'prefer'] as const)('%s connects in plain text', async (sslMode) => {
    expect(await one(mode(sslMode))).toEqual({ one: 1 });
  });

  test.each(['require', 'verify-full'] as const)('%s does not connect', async (sslMode) => {
    expect(await codeOf(one(mode(sslMode)))).toBe('database_unavailable');
  });
});

describe('a server that goes away', () => {
  test('F1: callers are refused, few probes reach it, and it is back by itself', async () => {
    const pool = poolOf();
    await one(pool);
    await server.stop();
    const started = Date.now();
    for (let call = 0; call < 200; call += 1) expect(await codeOf(one(pool))).toBe('database_unavailable');
    const seconds = (Date.now() - started) / 1000;
    expect(pool.figures().connectFailures).toBeLessThanOrEqual(4 + seconds);
    await server.start();
    await until(async () => (await codeOf(one(pool))) === 'fine');
  });

  test('F2: a connection that dies in its borrower’s hands fails what the borrower asks next, and nothing else', async () => {
    const pool = poolOf();
    const held = await pool.connect();
    const { rows } = await held.query<{ pid: number }>('select pg_backend_pid() as pid');
    const died = new Promise((resolve) => void held.once('end', resolve));
    await pool.use((client) => client.query('select pg_terminate_backend($1)', [rows[0]?.pid]));
    await died;
    expect(await codeOf(held.query('select 1'))).not.toBe('fine');
    held.release();
    expect(await one(pool)).toEqual({ one: 1 });
    expect(pool.figures()).toMatchObject({ inUse: 0, open: 1 });
  });

  test('F2: ten restarts with idle connections leave no error unhandled and no connection behind', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
    const pool = poolOf();
    for (let round = 0; round < 10; round += 1) {
      await until(async () => (await codeOf(Promise.all([one(pool), one(pool), one(pool)]))) === 'fine');
      if (round % 2 === 0) await server.stop();
      else await server.kill();
      await codeOf(one(pool));
      await server.start();
    }
    await until(async () => (await codeOf(one(pool))) === 'fine');
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
    expect(unhandled.map(String)).toEqual([]);
    expect(pool.figures().inUse).toBe(0);
    expect(pool.figures().open).toBeLessThanOrEqual(3);
  }, 120_000);
});
