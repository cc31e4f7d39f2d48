import { spawn } from 'node:child_process';
import { accessSync, chmodSync, chownSync, constants, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { install, mayInstall } from '@/scripts/apt';
import { freePort, isPortFree } from '@/scripts/ports';
import { serverAccount, spawnAs } from '@/scripts/postgres/account';
import { roleNames } from '@/scripts/postgres/roles';
import { exitOf, runProgram } from '@/scripts/processes';
import { testPasswords } from './template';
import { temporaryDirectory } from './temporary';

const program = '/usr/sbin/pgbouncer';

function isThere(): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function ensureProgram(): Promise<void> {
  if (isThere()) return;
  if (mayInstall()) await install('pgbouncer');
  if (!isThere()) throw new Error('PgBouncer is missing: install the package pgbouncer.');
  // Debian starts what it installs.
  await runProgram('systemctl', ['disable', '--now', 'pgbouncer']);
}

export type PgBouncerOptions = {
  /** Lines of the section [databases] before the one for all others. */
  databases?: string[];
  /** Further settings. */
  settings?: Record<string, string>;
};

function configuration(directory: string, serverPort: number, port: number, { databases = [], settings = {} }: PgBouncerOptions): string {
  return `[databases]
${databases.map((line) => `${line}\n`).join('')}* = host=127.0.0.1 port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(directory, 'users')}
pool_mode = transaction
default_pool_size = 4
logfile = ${join(directory, 'log')}
${Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`).join('')}`;
}

// It ends with its standard input, so also when the process that holds the other end is killed.
const script = '"$1" "$2" >/dev/null 2>&1 & pid=$!; cat >/dev/null; kill -INT "$pid"; wait "$pid"';

/** The second number of its version: 18 of 1.18. */
async function minorVersion(): Promise<number> {
  const { output } = await runProgram(program, ['--version']);
  const found = /PgBouncer 1\.(\d+)/.exec(output)?.[1];
  if (!found) throw new Error(`PgBouncer says no version: ${output}`);
  return Number(found);
}

/** PgBouncer in transaction mode before a test server, with few server connections, so that clients take turns on each. */
export async function startPgBouncer(serverPort: number, options: PgBouncerOptions = {}): Promise<{ port: number; minor: number; dispose(): Promise<void> }> {
  await ensureProgram();
  const minor = await minorVersion();
  const directory = temporaryDirectory('riskdesk-pgbouncer-');
  const account = serverAccount(directory);
  const port = await freePort();
  writeFileSync(join(directory, 'ini'), configuration(directory, serverPort, port, options));
  const users = (['maintenance', 'app', 'monitor'] as const).map((use) => `"${roleNames[use]}" "${testPasswords[use]}"\n`);
  writeFileSync(join(directory, 'users'), users.join(''), { mode: 0o600 });
  chmodSync(directory, 0o700);
  if (account) for (const name of ['ini', 'users', '.']) chownSync(join(directory, name), account.uid, account.gid);
  const child = spawn('/bin/sh', ['-c', script, 'sh', program, join(directory, 'ini')], { ...spawnAs(account), cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
  const dispose = async () => {
    child.stdin.end();
    await exitOf(child);
    rmSync(directory, { recursive: true, force: true });
  };
  for (let attempt = 0; await isPortFree(port, '127.0.0.1'); attempt += 1) {
    if (attempt === 200) throw new Error(`PgBouncer does not start:\n${readFileSync(join(directory, 'log'), 'utf8')}`);
    await sleep(50);
  }
  return { port, minor, dispose };
}
