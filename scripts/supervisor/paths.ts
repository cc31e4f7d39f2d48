import { chmod, mkdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlainError } from '../plain-error';
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

/** Node says ENOENT where a directory above is on a read-only disk. */
async function createDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new PlainError(`${path} cannot be created: the disk is read-only, or a directory above it is gone.`);
  }
}

/** Two consoles of one clone live side by side with a RISKDESK_DATA_DIR of their own: the tests use that. */
export async function openPlace(): Promise<Place> {
  const wanted = resolve(root, process.env.RISKDESK_DATA_DIR || '.data');
  await createDirectory(wanted);
  // The server's account passes through on the way to its data; files in here are readable by their owner only.
  if (isRoot()) await chmod(wanted, 0o711);
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
