import { spawn, spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { types } from '@/lib/pg/parsers';
import { connectTo, roleNames } from '@/scripts/postgres/roles';
import { consoleSettings } from '@/scripts/postgres/settings';
import { exitOf } from '@/scripts/processes';
import { buildIfStale } from '@/scripts/supervisor/build';
import { root } from '@/scripts/supervisor/paths';
import { startTestServer, superPassword, type TestServer } from '@/test/cluster';
import { administrator, sessionCookie, startConsole, until, type RunningConsole } from '@/test/server';
import { createDatabase, prepareTemplate, testEnvironment, testPasswords } from '@/test/template';
import { Browser } from './measure';

export const say = (line: string) => void process.stdout.write(`${line}\n`);

/** A console on a database of its own, filled, with somebody signed in. */
export type Stage = {
  env: Record<string, string>;
  console: RunningConsole;
  browser: Browser;
  /** Bare node-postgres, in the role and with the session settings of the console. */
  connect: (role: 'app' | 'monitor') => Promise<pg.Client>;
  close: () => Promise<void>;
};

/** A PostgreSQL of the benchmark's own, with the settings of the console's own one. A database with 1,200 partitions is vacuumed and cloned with all their locks held. */
export async function openServer(): Promise<TestServer> {
  await buildIfStale(join(root, '.next', 'bench-build.log'), say);
  // Whatever this process starts from here on inherits its cores.
  pin(process.pid, 'others');
  const server = await startTestServer({ settings: { ...consoleSettings(18), max_locks_per_transaction: '1024' } });
  await prepareTemplate(server.port);
  return server;
}

export async function openStage(server: TestServer, name: string, size: { rows: number; months: number }): Promise<Stage> {
  const superuser = await connectTo(server.port, 'postgres', superPassword);
  await createDatabase(superuser, name).finally(() => superuser.end());
  const env = { ...testEnvironment(server.port, name), ADMIN_EMAIL: administrator.email, ADMIN_PASSWORD: administrator.password };
  const running = await startConsole(env);
  pin(running.pid, 'console');
  await until(async () => (await fetch(`${running.url}/api/health/ready`)).ok);
  await fill(server.url(name), size);
  const browser = new Browser(running.url, await sessionCookie(running.url));
  const clients: pg.Client[] = [];
  return {
    env, console: running, browser,
    connect: async (role) => {
      const client = new pg.Client({ host: '127.0.0.1', port: server.port, database: name, user: roleNames[role], password: testPasswords[role], types });
      // The outage ends it; whoever then uses it is told.
      client.on('error', () => {});
      await client.connect();
      await client.query(`set timezone = 'UTC'`);
      clients.push(client);
      return client;
    },
    close: async () => {
      browser.close();
      await Promise.all(clients.map((client) => client.end().catch(() => {})));
      running.signal('SIGTERM');
      await running.ended;
    },
  };
}

/** `scripts/generate.ts`, which ends with VACUUM ANALYZE. */
async function fill(url: string, { rows, months }: { rows: number; months: number }): Promise<void> {
  const args = ['--conditions=react-server', '--import', 'tsx', join(root, 'scripts/generate.ts'), '--rows', String(rows), '--months', String(months), '--url', url];
  const code = await exitOf(spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }));
  if (code !== 0) throw new Error('the database could not be filled');
}

const mayPin = process.platform === 'linux' && cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

/** The console has the first core for itself; PostgreSQL and this process share the others. */
export function pin(pid: number, where: 'console' | 'others'): void {
  if (mayPin) spawnSync('taskset', ['-a', '-c', '-p', where === 'console' ? '0' : `1-${cpus().length - 1}`, String(pid)]);
}

export function describeMachine(): string {
  const pinned = mayPin ? 'console on core 0, PostgreSQL and load on the others' : 'not pinned: there is no taskset, or one core';
  return `${cpus().length} cores, Node ${process.versions.node}, load average ${loadavg().map((n) => n.toFixed(1)).join(' ')}; ${pinned}`;
}
