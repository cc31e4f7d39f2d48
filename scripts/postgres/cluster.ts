import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, closeSync } from 'node:fs';
import { appendFile, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlainError } from '../plain-error';
import { exitOf, runProgram } from '../processes';
import { spawnAs, type Account } from './account';
import type { Binaries } from './binaries';
import { failureIn } from './failure';
import { endLeftovers } from './orphan';

export type Settings = Record<string, string>;

export type ClusterPlace = { binaries: Binaries; account: Account | undefined; dataDir: string };

export type Cluster = ClusterPlace & {
  port: number;
  pid: number;
  /** Resolves when the server has ended, whatever the cause. */
  ended: Promise<number>;
  stop(): Promise<void>;
};

const ownSettings = 'riskdesk.conf';

async function give(path: string, account: Account | undefined): Promise<void> {
  if (account) await chown(path, account.uid, account.gid);
}

/** Case folding and ordering of UTF-8 without the system's locales, which differ from machine to machine. */
function localeArguments(major: number): string[] {
  if (major >= 17) return ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  return [process.platform === 'linux' ? '--locale=C.UTF-8' : '--locale=C'];
}

/** initdb reads the password of the superuser from a file that only the server's account may read. */
async function withPasswordFile<T>(file: string, password: string, account: Account | undefined, use: () => Promise<T>): Promise<T> {
  try {
    await rm(file, { force: true });
    await writeFile(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
    await give(file, account);
    return await use();
  } finally {
    await rm(file, { force: true });
  }
}

/** Creates a cluster: under another name until it is complete, so that a start which is killed leaves no half of one. */
export async function initCluster(place: ClusterPlace, password: string, flags: string[] = []): Promise<void> {
  const { binaries, account, dataDir } = place;
  const draft = `${dataDir}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await give(draft, account);
  const passwordFile = `${dataDir}.password`;
  const { code, output } = await withPasswordFile(passwordFile, password, account, () => {
    const fixed = [`--pgdata=${draft}`, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8', '--data-checksums'];
    const args = [...fixed, ...localeArguments(binaries.major), ...flags];
    return runProgram(join(binaries.bin, 'initdb'), args, { ...spawnAs(account), cwd: '/', env: serverEnvironment() });
  });
  if (code !== 0) {
    await rm(draft, { recursive: true, force: true });
    throw new PlainError(`PostgreSQL could not create its data directory ${dataDir}: ${failureIn(output)}`);
  }
  await appendFile(join(draft, 'postgresql.conf'), `\n# Settings of the console; what ALTER SYSTEM sets comes after them.\ninclude_if_exists = '${ownSettings}'\n`);
  await rename(draft, dataDir);
}

/** The server's messages are read, so they are in English; PG* variables of the person who starts are not for it. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|DB_|DATABASE_URL|AUTH_|ADMIN_)/.test(name));
  return { ...Object.fromEntries(kept), NODE_ENV: process.env.NODE_ENV, LC_MESSAGES: 'C' };
}

async function writeSettings(place: ClusterPlace, settings: Settings): Promise<void> {
  const path = join(place.dataDir, ownSettings);
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  await give(path, place.account);
}

export type StartOptions = { port: number; settings: Settings; logFile: string; onWait?: (says: string) => void };

/**
 * The server is our own child, in a session of its own so that Ctrl-C reaches it through the supervisor only. Its
 * messages go to a file and not into a pipe, which would break when the supervisor is killed.
 */
export async function startCluster(place: ClusterPlace, options: StartOptions): Promise<Cluster> {
  const { binaries, account, dataDir } = place;
  await refuseOtherMajor(place);
  await writeSettings(place, options.settings);
  for (let attempt = 1; ; attempt += 1) {
    await mkdir(dirname(options.logFile), { recursive: true });
    const from = existsSync(options.logFile) ? (await stat(options.logFile)).size : 0;
    const log = openSync(options.logFile, 'a', 0o600);
    const args = ['-D', dataDir, '-p', String(options.port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
    const child = spawn(join(binaries.bin, 'postgres'), args, {
      ...spawnAs(account), cwd: '/', detached: true, stdio: ['ignore', log, log], env: serverEnvironment(),
    });
    closeSync(log);
    child.once('error', () => {});
    if (await becameReady(child, dataDir, options.onWait)) return running(place, options.port, child);
    const said = (await readFile(options.logFile)).subarray(from).toString();
    const retriable = /pre-existing shared memory|lock file "postmaster.pid" already exists/.test(said);
    if (!retriable || attempt === 4) throw new PlainError(`PostgreSQL does not start: ${failureIn(said)} (its log: ${options.logFile})`);
    await endLeftovers(dataDir);
  }
}

async function refuseOtherMajor({ binaries, dataDir }: ClusterPlace): Promise<void> {
  const major = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim();
  if (major === String(binaries.major)) return;
  throw new PlainError(`The data in ${dataDir} belongs to PostgreSQL ${major}, but the server here is ${binaries.version}. Set POSTGRES_BIN_DIR to a PostgreSQL ${major}.`);
}

/** The postmaster writes `ready` into its pid file once it takes connections, recovery after a crash included. */
async function becameReady(child: ChildProcess, dataDir: string, onWait?: (says: string) => void): Promise<boolean> {
  const started = Date.now();
  let told = false;
  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const lines = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').then((text) => text.split('\n'), () => []);
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return true;
    if (!told && Date.now() - started > 3000) {
      told = true;
      onWait?.('PostgreSQL is recovering its data; this can take a while');
    }
    await sleep(20);
  }
  return false;
}

function running(place: ClusterPlace, port: number, child: ChildProcess): Cluster {
  const ended = exitOf(child);
  const stop = async () => {
    child.kill('SIGINT');
    const patient = setTimeout(() => child.kill('SIGQUIT'), 60_000);
    await ended;
    clearTimeout(patient);
  };
  return { ...place, port, pid: child.pid ?? 0, ended, stop };
}

