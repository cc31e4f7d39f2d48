import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@/scripts/ports';
import { exitOf } from '@/scripts/processes';
import { startTestServer, type Major, type TestServer, type TestServerOptions } from './cluster';
import { prepareTemplate, templateName, testEnvironment } from './template';

const root = join(import.meta.dirname, '..');

export const administrator = { email: 'admin@riskdesk.example', password: 'administrator-of-the-tests' };

const prepared = new Map<Major, Promise<TestServer>>();

/** Made once in this process, and stopped: each product server is a copy of it. */
function preparedServer(major: Major): Promise<TestServer> {
  const known = prepared.get(major);
  if (known) return known;
  const made = startTestServer({ major }).then(async (server) => {
    await prepareTemplate(server.port);
    await server.stop();
    return server;
  });
  prepared.set(major, made);
  return made;
}

/** A database server with the product's database in it, for tests that stop, freeze or crash it. */
export async function startProductServer(options: TestServerOptions = {}): Promise<TestServer & { env: Record<string, string>; database: string }> {
  const server = await startTestServer({ ...options, copyOf: await preparedServer(options.major ?? 18) });
  const env = { ...testEnvironment(server.port, templateName), ADMIN_EMAIL: administrator.email, ADMIN_PASSWORD: administrator.password };
  return Object.assign(server, { env, database: templateName });
}

export type RunningConsole = {
  url: string;
  pid: number;
  /** What it wrote to standard output and error. */
  output: () => string;
  hasEnded: () => boolean;
  signal: (signal: NodeJS.Signals) => void;
  ended: Promise<number>;
};

/** The production build (or a changed one, from another directory), started as the supervisor starts it, and nothing around it. */
export async function startConsole(env: Record<string, string>, directory = root): Promise<RunningConsole> {
  const port = await freePort();
  const args = [join(root, 'node_modules/next/dist/bin/next'), 'start', '-p', String(port)];
  const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env, PORT: String(port), NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } });
  const output = collect(child);
  process.once('exit', () => child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  while (!(await answers(`${url}/api/health/live`))) {
    if (child.exitCode !== null) throw new Error(`The console did not start:\n${output()}`);
    await sleep(20);
  }
  return { url, pid: child.pid ?? 0, output, hasEnded: () => child.exitCode !== null || child.signalCode !== null, signal: (signal) => child.kill(signal), ended: exitOf(child) };
}

/** The production build with its proxy.ts taken out: links to the real one, but for the file that tells Next of it. */
export function buildWithoutProxy(): string {
  const directory = mkdtempSync(join(tmpdir(), 'riskdesk-no-proxy-'));
  const server = join(directory, '.next', 'server');
  mkdirSync(server, { recursive: true });
  const link = (from: string, to: string, except: string[]) => readdirSync(from).filter((name) => !except.includes(name)).forEach((name) => symlinkSync(join(from, name), join(to, name)));
  link(root, directory, ['.next', '.git']);
  link(join(root, '.next'), join(directory, '.next'), ['server']);
  link(join(root, '.next', 'server'), server, ['functions-config-manifest.json']);
  writeFileSync(join(server, 'functions-config-manifest.json'), JSON.stringify({ version: 1, functions: {} }));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-200_000)));
  return () => text;
}

const answers = (url: string) => fetch(url).then((answer) => answer.ok, () => false);

export type Client = (path: string, init?: { method?: string; body?: unknown; timeoutMs?: number }) => Promise<{ status: number; body: unknown; headers: Headers }>;

/** Signs in and answers with the session's cookie. */
export async function sessionCookie(url: string, who: { email: string; password: string } = administrator): Promise<string> {
  const answer = await fetch(`${url}/api/auth/sign-in/email`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(who) });
  if (!answer.ok) throw new Error(`sign-in failed: ${answer.status} ${await answer.text()}`);
  return answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
}

/** Signs in and answers with a function that sends JSON as that person. */
export async function signIn(url: string, who: { email: string; password: string } = administrator): Promise<Client> {
  const cookie = await sessionCookie(url, who);
  return async (path, { method = 'GET', body, timeoutMs = 30_000 } = {}) => {
    const headers: Record<string, string> = { cookie, origin: url, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const response = await fetch(`${url}${path}`, { method, headers, signal: AbortSignal.timeout(timeoutMs), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? (JSON.parse(text) as unknown) : null };
  };
}

/** Polls until it holds. How long that takes is the machine's affair; the test's own time limit bounds it. */
export async function until(holds: () => Promise<boolean> | boolean, everyMs = 50): Promise<void> {
  while (!(await holds())) await sleep(everyMs);
}
