import { connect, type Socket } from 'node:net';
import { expect, test } from '@playwright/test';
import pg from 'pg';
import { isAlive } from '../scripts/processes';
import { processTree } from '../test/process-tree';
import { startConsole, startProductServer, signIn, until, type Client, type RunningConsole } from '../test/server';

test.describe.configure({ mode: 'serial', timeout: 60_000 });

const metricsToken = 'metrics-token-of-the-tests';
const most = 4;

let server: Awaited<ReturnType<typeof startProductServer>>;
let db: pg.Client;
/** Holds a lock: within a transaction the figures that `db` reads would stand still. */
let locker: pg.Client;
let console: RunningConsole;
let client: Client;

test.beforeAll(async () => {
  server = await startProductServer({ settings: { max_connections: '30' } });
  db = new pg.Client(server.url(server.database));
  locker = new pg.Client(server.url(server.database));
  for (const one of [db, locker]) await one.connect();
  console = await startConsole({ ...server.env, METRICS_TOKEN: metricsToken, DB_MAX_CONNECTIONS: String(most), DB_MIN_CONNECTIONS: '1', REQUEST_TIMEOUT: '8s' });
  await until(async () => (await fetch(`${console.url}/api/health/ready`)).ok);
  client = await signIn(console.url);
});

test.afterAll(async () => {
  console?.signal('SIGKILL');
  await console?.ended;
  for (const one of [db, locker]) await one?.end();
  await server?.dispose();
});

type Problem = { code: string; detail: string };

/** How many of the console's statements wait for a lock. */
const waiting = async () => (await db.query<{ n: number }>(`select count(*)::int as n from pg_stat_activity where usename = 'riskdesk_app' and wait_event_type = 'Lock'`)).rows[0]?.n ?? 0;

async function lockAssessments(): Promise<void> {
  await locker.query('begin');
  await locker.query('lock table risk_assessments in access exclusive mode');
}

test('F4: with every connection of the application taken the answer is 503 with Retry-After, diagnostics and monitoring go on, and it recovers by itself', async () => {
  await lockAssessments();
  const taken = Array.from({ length: most }, (_, n) => client('/api/assessments', { method: 'POST', body: { businessName: `Waiting ${n}`, riskScore: 0.4 } }));
  await until(async () => (await waiting()) === most);
  const often = (path: string) => Promise.all(Array.from({ length: 100 }, () => client(path)));
  const [refused, diagnosed] = await Promise.all([often('/api/assessments'), often('/api/locks/blocking')]);
  for (const { status, headers, body } of refused) expect([status, headers.get('retry-after'), (body as Problem).code]).toEqual([503, '1', 'database_busy']);
  // Who asks is read on a connection kept for that; whoever looks for the cause sees it.
  for (const { status, body } of diagnosed) expect({ status, body }).toMatchObject({ status: 200, body: { state: 'measured' } });
  expect(diagnosed.every(({ body }) => (body as { rows: unknown[] }).rows.length >= most)).toBe(true);
  expect((await fetch(`${console.url}/api/health/live`)).status).toBe(200);
  const health = await fetch(`${console.url}/api/health`);
  expect(health.status).toBe(503);
  // The monitor's pool is another one.
  expect(await health.json()).toMatchObject({ status: 'unhealthy', checks: { connectivity: { status: 'unhealthy' }, database_size: { status: 'healthy' }, long_queries: { status: 'healthy' } } });
  const metrics = await (await fetch(`${console.url}/api/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } })).text();
  expect(metrics).toMatch(/^database_up 1$/m);
  expect(metrics).toMatch(new RegExp(`^database_pool_connections\\{state="in_use"\\} ${most}$`, 'm'));
  await locker.query('rollback');
  // In time for some of them, too late for the others, who were told so.
  for (const { status, headers } of await Promise.all(taken)) expect(status === 201 || (status === 503 && headers.get('retry-after') !== null)).toBe(true);
  await until(async () => (await client('/api/assessments')).status === 200);
  expect(console.hasEnded()).toBe(false);
});

test('F4: a server without room for another connection gives 503 with Retry-After, and is used again when there is room', async () => {
  const others: pg.Client[] = [];
  const fill = async () => {
    for (;;) {
      const other = new pg.Client(server.url(server.database));
      other.on('error', () => {});
      try {
        await other.connect();
      } catch {
        return;
      }
      others.push(other);
    }
  };
  // Its pools keep the connections they have, and the last one of the application waits here.
  await db.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-app'`);
  await until(async () => (await client('/api/assessments')).status === 200);
  await lockAssessments();
  await fill();
  const asked = Array.from({ length: 20 }, () => client('/api/assessments'));
  await until(async () => (await waiting()) > 0);
  expect(await client('/api/locks/blocking')).toMatchObject({ status: 200, body: { state: 'measured' } });
  await locker.query('rollback');
  for (const { status, headers } of await Promise.all(asked)) expect(status === 200 || (status === 503 && headers.get('retry-after') === '1')).toBe(true);
  // What the console does by itself each second takes a place that has just become free: again, until it has none.
  await until(async () => {
    await fill();
    return (await db.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename like 'riskdesk%'`)).rowCount === 0;
  });
  const answers = await Promise.all(Array.from({ length: 50 }, () => client('/api/assessments')));
  for (const { status, headers } of answers) expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  expect(answers.map(({ body }) => (body as Problem).detail)).toContain('The database has no room for another connection.');
  await Promise.all(others.map((other) => other.end()));
  await until(async () => (await client('/api/assessments')).status === 200);
  expect(console.hasEnded()).toBe(false);
  expect(console.output()).not.toMatch(/unhandled|uncaught/i);
});

/** A connection that has had its answer and waits for the next question. */
async function idleConnection(): Promise<{ closed: Promise<void> }> {
  const { hostname, port } = new URL(console.url);
  const socket: Socket = connect(Number(port), hostname);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.write(`GET /api/health/live HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.resume();
  return { closed };
}

test('F14: on SIGTERM what is under way gets its answer, nobody new is let in, and nothing is left running', async () => {
  const idle = await idleConnection();
  const tree = processTree(console.pid);
  await lockAssessments();
  const write = client('/api/assessments', { method: 'POST', body: { businessName: 'Under way', riskScore: 0.4 } });
  const read = client('/api/assessments');
  await until(async () => (await waiting()) >= 2);
  console.signal('SIGTERM');
  await until(() => fetch(`${console.url}/api/health/live`).then(() => false, (error: Error) => (error.cause as { code?: string }).code === 'ECONNREFUSED'));
  await idle.closed;
  expect(console.hasEnded()).toBe(false);
  await locker.query('rollback');
  const answers = await Promise.all([write, read]);
  expect(answers.map(({ status }) => status)).toEqual([201, 200]);
  expect(await console.ended).toBe(0);
  expect(tree.filter(isAlive)).toEqual([]);
  expect((await db.query(`select from risk_assessments where business_name = 'Under way'`)).rowCount).toBe(1);
  await until(async () => (await db.query(`select from pg_stat_activity where usename like 'riskdesk%'`)).rowCount === 0);
  expect(console.output()).not.toMatch(/unhandled|uncaught/i);
});
