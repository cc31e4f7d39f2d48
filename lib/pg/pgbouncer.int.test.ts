import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '@/lib/errors';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { usePeople } from '@/test/people';
import { startPgBouncer } from '@/test/pgbouncer';
import { fromUrl, type ConnectionSettings } from './connection';
import { ident, render, sql } from './sql';

const db = await useDatabase();
const people = await usePeople(db);
const bouncer = await startPgBouncer(db.port);

const pooled = (use: 'app' | 'monitor' | 'maintenance') => db.url(use).replace(`:${db.port}/`, `:${bouncer.port}/`);
Object.assign(process.env, { DATABASE_URL: pooled('app'), DB_MONITOR_URL: pooled('monitor'), DB_MAINTENANCE_URL: pooled('maintenance') });

const { appPool, closeDatabase, database, transaction } = await import('@/lib/db/client');
const { closeMonitors, monitorPool, monitorRows } = await import('@/lib/run/monitor');
const { DeskPool } = await import('./pool');

// What a session of this database begins with: other than what the product asks for.
beforeAll(() => db.sql(`alter database ${db.name} set timezone to 'Asia/Kolkata'`));

afterAll(async () => {
  await Promise.all([closeDatabase(), closeMonitors()]);
  await bouncer.dispose();
});

const poolOf = (connection: ConnectionSettings) =>
  new DeskPool({ name: 'test', connection, max: 1, min: 0, maxLifetimeMs: 60_000, maxIdleMs: 60_000, connectTimeoutMs: 5000, queryTimeoutMs: 30_000, acquireTimeoutMs: 5000 });

const limits = sql`select current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle,
  current_setting('lock_timeout') as lock, current_setting('TimeZone') as zone, current_setting('transaction_read_only') as read_only, current_setting('jit') as jit`;
const untouched = { statement: '0', idle: '0', lock: '0', zone: 'Asia/Kolkata', read_only: 'off', jit: 'on' };
const wanted = { ...untouched, statement: '30s', idle: '1min', zone: 'UTC' };

/** Told that every connection is in use, which a slow machine may well be, a caller comes again, as a browser does. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'database_busy') throw error;
    }
  }
}

/** The different rows that many callers at once find on the few server connections. */
async function foundByMany(pool: InstanceType<typeof DeskPool>, text: string): Promise<unknown[]> {
  const found = await Promise.all(Array.from({ length: 25 }, () => patiently(() => pool.use((client) => client.query(text)))));
  const rows = found.flatMap((result) => result.rows.map((row) => JSON.stringify(row)));
  return [...new Set(rows)].map((row) => JSON.parse(row) as unknown);
}

describe('F9: through PgBouncer in transaction mode', () => {
  test('F9: the application notices, and leaves neither settings nor named statements on a server connection', async () => {
    expect(await appPool().use(async ({ direct }) => direct)).toBe(false);
    await Promise.all(Array.from({ length: 50 }, (_, n) => patiently(() => database().rows(sql`select ${n}::int as n`))));
    expect(await foundByMany(appPool(), render(limits).text)).toEqual([untouched]);
    expect(await foundByMany(appPool(), 'select name from pg_prepared_statements')).toEqual([]);
  });

  test('F9: without a pooler the same pool has its settings in the session', async () => {
    const pool = poolOf(fromUrl(db.url('app')));
    expect(await pool.use(async (client) => [client.direct, (await client.query(render(limits).text)).rows])).toEqual([true, [wanted]]);
    await pool.end();
  });

  test('F9: a statement and a transaction carry their own settings', async () => {
    expect(await database().rows(limits)).toEqual([wanted]);
    expect(await transaction((tx) => tx.rows(limits))).toEqual([wanted]);
    expect(await database().rows(sql`select timestamptz '2026-01-31 12:00:00.123456+00' as at`)).toEqual([{ at: '2026-01-31T12:00:00.123456Z' }]);
  });

  test('F9: fifty callers with different statements each get their own rows', async () => {
    const caller = async (n: number) => {
      for (let round = 0; round < 20; round += 1) {
        const name = `column_${n}_${round % 3}`;
        expect(await patiently(() => database().rows(sql`select ${n * 1000 + round}::int as ${ident(name)}`))).toEqual([{ [name]: n * 1000 + round }]);
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, n) => caller(n)));
  });

  test('F9: a transaction stays on one server connection, and all of it is rolled back', async () => {
    const pids = await transaction(async (tx) => [...(await tx.rows(sql`select pg_backend_pid() as pid`)), ...(await tx.rows(sql`select pg_backend_pid() as pid`))]);
    expect(pids[0]).toEqual(pids[1]);
    const failing = transaction(async (tx) => {
      await tx.rows(sql`insert into riskdesk.audit_log (actor, via, action, object, outcome) values ('f9', 'none', 'f9.write', 'x', 'success')`);
      await tx.rows(sql`select 1 / 0`);
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect(await db.sql(`select from riskdesk.audit_log where actor = 'f9'`)).toEqual([]);
    expect(await database().rows(sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  test('F9: monitoring has its limits within its transaction only, and gives way to a lock', async () => {
    expect(await monitorRows('main', limits)).toEqual([{ ...untouched, statement: '4s', lock: '200ms', zone: 'UTC', read_only: 'on', jit: 'off' }]);
    expect(await foundByMany(monitorPool('main'), render(limits).text)).toEqual([untouched]);
    const holder = await db.connect('superuser');
    await holder.query('begin; lock table users');
    await expect(monitorRows('main', sql`select count(*) from users`)).rejects.toMatchObject({ code: '55P03' });
    await holder.query('rollback');
    expect(await monitorRows('main', sql`select count(*) as n from users`)).toEqual([{ n: 4 }]);
  });

  test('F9: the API signs in, writes and measures', async () => {
    const signIn = await call('POST', '/api/auth/sign-in/email', { body: { email: people.admin.email, password: people.password } });
    expect(signIn.status).toBe(200);
    const body = { email: 'f9@riskdesk.example', name: 'F9', role: 'analyst', password: 'a password of the tests' };
    expect((await call('POST', '/api/users', { cookie: people.admin.cookie, body })).status).toBe(201);
    expect((await call('GET', '/api/queries/slow', { cookie: people.dba.cookie })).body).toMatchObject({ state: 'measured' });
  });

  test('F9: migrations say that they need a direct connection', async () => {
    const { migrate } = await import('@/lib/db/migrate');
    await expect(migrate()).rejects.toThrow('DB_MAINTENANCE_URL must lead to PostgreSQL itself');
  });

  test('F9: a wrong password is refused', async () => {
    const pool = poolOf({ ...fromUrl(pooled('app')), password: 'wrong' });
    await expect(pool.use((client) => client.query('select 1'))).rejects.toThrow('authentication failed');
    await pool.end();
  });
});
