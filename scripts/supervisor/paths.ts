import { existsSync } from 'node:fs';
import { chmod, mkdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRoot } from '../postgres/account';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Everything that a console keeps outside its database and its clone's files. */
export type Place = {
  base: string;
  lock: string;
  server: string;
  home: string;
  credentials: string;
  authSecret: string;
  accounts: string;
  prepared: string;
  postgresLog: string;
  buildLog: string;
};

/** Step by step: Node's recursive way says ENOENT of a read-only disk, and tries for ever below /proc. */
async function createDirectory(path: string, mode?: number): Promise<void> {
  if (existsSync(path)) return;
  await createDirectory(dirname(path));
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (mode !== undefined) await chmod(path, mode);
}

/** Two consoles of one clone live side by side with a RISKDESK_DATA_DIR of their own: the tests use that. */
export async function openPlace(): Promise<Place> {
  const wanted = resolve(root, process.env.RISKDESK_DATA_DIR || '.data');
  // The server's account passes through on the way to its data; files in here are readable by their owner only. One that
  // is there already keeps its mode, whatever it is.
  await createDirectory(wanted, isRoot() ? 0o711 : undefined);
  const base = await realpath(wanted);
  return {
    base,
    lock: join(base, 'supervisor.json'),
    server: join(base, 'server.json'),
    home: join(base, 'postgres-home'),
    credentials: join(base, 'postgres.json'),
    authSecret: join(base, 'auth-secret'),
    accounts: join(base, 'demo-accounts.txt'),
    prepared: join(base, 'prepared.json'),
    postgresLog: join(base, 'postgres.log'),
    buildLog: join(base, 'build.log'),
  };
}
