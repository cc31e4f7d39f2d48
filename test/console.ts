import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from '@playwright/test';
import type pg from 'pg';
import { freePort } from '../scripts/ports';
import { connectTo, databaseName, roleNames } from '../scripts/postgres/roles';
import { temporaryDirectory } from './temporary';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const roles = ['admin', 'dba', 'analyst'] as const;
export type DemoRole = (typeof roles)[number];

/** The password of a demo account, from the file that the start wrote. */
export function passwordOf(role: DemoRole, dataDir: string): string {
  const text = readFileSync(join(dataDir, 'demo-accounts.txt'), 'utf8');
  const line = text.split('\n').find((one) => one.startsWith(`${role}@riskdesk.example`));
  const password = line?.trim().split(/\s+/)[1];
  if (!password) throw new Error(`demo-accounts.txt has no line for ${role}`);
  return password;
}

export const sessionFile = (role: DemoRole, dataDir: string) => join(dataDir, `session-${role}.json`);

/** Signed in once each: sign-ins are limited, and a test is about what comes after. */
async function keepSessions(url: string, dataDir: string): Promise<void> {
  for (const role of roles) {
    const context = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url } });
    const data = { email: `${role}@riskdesk.example`, password: passwordOf(role, dataDir) };
    const answer = await context.post('/api/auth/sign-in/email', { data });
    if (!answer.ok()) throw new Error(`${role} cannot sign in: ${answer.status()} ${await answer.text()}`);
    await context.storageState({ path: sessionFile(role, dataDir) });
    await context.dispose();
  }
}

export type Started = {
  pid: number;
  /** What it wrote to standard output and error. */
  output: () => string;
  ended: Promise<number>;
  ready(): Promise<void>;
  /** @returns its exit code */
  stop(): Promise<number>;
};

/** The same `npm start` that people use, with less demo data, in a process group of its own. It stops when this process does. */
export function npmStart(env: Record<string, string>): Started {
  const kept = Object.entries(process.env).filter(([name]) => !/^(DB_|DATABASE_URL|ADMIN_|AUTH_SECRET|TARGETS|PGBOUNCER)/.test(name));
  const child = spawn(process.execPath, [join(root, 'scripts', 'start.mjs')], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...Object.fromEntries(kept), NODE_ENV: 'production', RISKDESK_SEED_ROWS: '200', RISKDESK_NO_ENV_FILES: '1', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000)));
  // Not `exit`, which may come before the last of its output.
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { pid: child.pid ?? 0, output: () => output, ended, ready: () => untilReady(child, () => output), stop };
}

async function untilReady(child: ChildProcess, output: () => string): Promise<void> {
  const until = Date.now() + 300_000;
  // The last line of the announcement.
  while (!output().includes('Stop with Ctrl-C')) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`The console did not start:\n${output()}`);
    await sleep(100);
  }
}

/** The console's own database as the application's role, from what the start keeps beside its data. */
export async function connectToOwn(dataDir: string): Promise<pg.Client> {
  const { port, passwords } = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')) as { port: number; passwords: { app: string } };
  return connectTo(port, databaseName, passwords.app, roleNames.app);
}

/** Playwright's global setup. @returns its teardown */
export default async function setup(): Promise<() => Promise<void>> {
  const dataDir = temporaryDirectory('riskdesk-e2e-');
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const started = npmStart({ RISKDESK_DATA_DIR: dataDir, PORT: String(port), RISKDESK_SEED_ROWS: '1500', METRICS_TOKEN: 'metrics-token-of-the-tests' });
  const stop = async () => {
    await started.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await started.ready();
    await keepSessions(url, dataDir);
  } catch (error) {
    await stop();
    throw error;
  }
  // Workers inherit these.
  Object.assign(process.env, { E2E_URL: url, E2E_DATA_DIR: dataDir });
  return stop;
}
