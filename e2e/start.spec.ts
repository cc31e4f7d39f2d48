import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { freePort } from '../scripts/ports';
import { connectTo, databaseName } from '../scripts/postgres/roles';
import { isAlive, signal } from '../scripts/processes';
import { startTestServer, superPassword } from '../test/cluster';
import { connectToOwn, npmStart, passwordOf, type Started } from '../test/console';
import { processTree } from '../test/process-tree';
import { administrator, signIn, until } from '../test/server';
import { temporaryDirectory } from '../test/temporary';

test.describe.configure({ mode: 'parallel', timeout: 120_000 });

const running = new Set<Started>();
const directories: string[] = [];

async function place(): Promise<{ PORT: string; RISKDESK_DATA_DIR: string }> {
  const RISKDESK_DATA_DIR = temporaryDirectory('riskdesk-e2e-');
  directories.push(RISKDESK_DATA_DIR);
  return { PORT: String(await freePort()), RISKDESK_DATA_DIR };
}

function begin(env: Record<string, string>): Started {
  const started = npmStart(env);
  running.add(started);
  void started.ended.then(() => running.delete(started));
  return started;
}

async function ready(env: Record<string, string>): Promise<Started> {
  const started = begin(env);
  await started.ready();
  return started;
}

/** A start that is refused: what it says, in lines, and its exit code. */
async function refused(env: Record<string, string>): Promise<{ lines: string[]; code: number }> {
  const started = begin(env);
  const code = await started.ended;
  return { lines: started.output().trim().split('\n'), code };
}

test.afterAll(async () => {
  await Promise.all([...running].map((started) => started.stop()));
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** The state of a cluster as pg_controldata names it. */
function stateOf(dataDir: string): string | undefined {
  const names = ['starting up', 'shut down', 'shut down in recovery', 'shutting down', 'in crash recovery', 'in archive recovery', 'in production'];
  return names[readFileSync(join(dataDir, 'postgres', 'global', 'pg_control')).readUInt32LE(16)];
}

const healthOf = async (port: string, what: 'live' | 'ready') => (await fetch(`http://127.0.0.1:${port}/api/health/${what}`)).status;

test.describe('with its own database', () => {
  test.describe.configure({ mode: 'serial' });
  let own: Awaited<ReturnType<typeof place>>;
  let counted: unknown;

  const look = async () => {
    const client = await connectToOwn(own.RISKDESK_DATA_DIR);
    const { rows } = await client.query<{ assessments: number; people: number; preloaded: number }>(
      `select (select count(*)::int from risk_assessments) as assessments, (select count(*)::int from users) as people, (select count(*)::int from pg_settings where name = 'pg_stat_statements.max') as preloaded`,
    );
    await client.end();
    return rows[0];
  };
  const enter = () => signIn(`http://127.0.0.1:${own.PORT}`, { email: 'analyst@riskdesk.example', password: passwordOf('analyst', own.RISKDESK_DATA_DIR) });

  test('the first start makes a database with demo data; Ctrl-C stops everything, the database cleanly', async () => {
    own = await place();
    const started = await ready(own);
    expect(started.output()).toContain(`http://localhost:${own.PORT}`);
    for (const role of ['admin', 'dba', 'analyst'] as const) expect(started.output()).toContain(passwordOf(role, own.RISKDESK_DATA_DIR));
    counted = await look();
    expect(counted).toMatchObject({ assessments: 200, preloaded: 1 });
    await enter();
    const tree = processTree(started.pid);
    expect(tree.length).toBeGreaterThan(8);
    // As a terminal does: to everything in the foreground.
    process.kill(-started.pid, 'SIGINT');
    expect(await started.ended).toBe(0);
    expect(tree.filter(isAlive)).toEqual([]);
    expect(stateOf(own.RISKDESK_DATA_DIR)).toBe('shut down');
  });

  test('F14: the second start keeps the data; after kill -9 of everything the next one recovers', async () => {
    const second = await ready(own);
    expect(second.output()).not.toMatch(/Creating|Applied|Demo data/);
    expect(await look()).toEqual(counted);
    for (const pid of processTree(second.pid)) signal(pid, 'SIGKILL');
    await second.ended;
    expect(stateOf(own.RISKDESK_DATA_DIR)).toBe('in production');
    const third = await ready(own);
    expect(await look()).toEqual(counted);
    await enter();
    expect((await refused({ ...own, PORT: String(await freePort()) })).lines).toEqual([expect.stringContaining('This console is running already')]);
    // The supervisor alone is gone: what it had started ends by itself, in order.
    const tree = processTree(third.pid);
    process.kill(third.pid, 'SIGKILL');
    await until(() => tree.filter(isAlive).length === 0);
    expect(stateOf(own.RISKDESK_DATA_DIR)).toBe('shut down');
  });
});

test('a busy port gives one line', async () => {
  const env = await place();
  const busy = createServer().listen(Number(env.PORT), '127.0.0.1');
  expect(await refused(env)).toEqual({ lines: [expect.stringMatching(/^Port \d+ is in use by another program/)], code: 1 });
  busy.close();
});

test('a wrong setting gives one line', async () => {
  expect(await refused({ ...(await place()), DB_QUERY_TIMEOUT: '30' })).toEqual({ lines: ['DB_QUERY_TIMEOUT must be a duration such as 30s, 5m or 500ms'], code: 1 });
});

test.describe('on a server of one’s own', () => {
  test('refused credentials give one line; consoles that start at once migrate one after the other; one that is away is waited for', async () => {
    const server = await startTestServer();
    try {
      const client = await connectTo(server.port, 'postgres', superPassword);
      await client.query(`create database ${databaseName}`);
      await client.end();
      const wrong = await refused({ ...(await place()), DATABASE_URL: server.url(databaseName, 'postgres', 'wrong-canary') });
      expect(wrong).toEqual({ lines: [expect.stringMatching(/^The database refuses the connection: (?!.*canary)/)], code: 1 });

      const env = { DATABASE_URL: server.url(databaseName), ADMIN_EMAIL: administrator.email, ADMIN_PASSWORD: administrator.password };
      const [first, second] = [{ ...(await place()), ...env }, { ...(await place()), ...env }];
      const both = await Promise.all([ready(first), ready(second)]);
      expect(both.filter(({ output }) => output().includes('Applied'))).toHaveLength(1);
      const own = await connectTo(server.port, databaseName, superPassword);
      expect((await own.query('select (select count(*)::int from users) as users, (select count(*)::int from risk_assessments) as assessments')).rows).toEqual([{ users: 1, assessments: 0 }]);
      await own.end();
      await signIn(`http://127.0.0.1:${second.PORT}`);
      for (const started of both) expect(await started.stop()).toBe(0);

      await server.stop();
      const early = await ready(first);
      expect(early.output()).toContain('cannot be reached yet');
      expect([await healthOf(first.PORT, 'live'), await healthOf(first.PORT, 'ready')]).toEqual([200, 503]);
      await server.start();
      await until(async () => (await healthOf(first.PORT, 'ready')) === 200);
      expect(await early.stop()).toBe(0);
    } finally {
      await server.dispose();
    }
  });
});
