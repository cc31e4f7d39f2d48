import { existsSync } from 'node:fs';
import { rm, stat, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { PlainError } from '../plain-error';
import { usableBinaries } from '../postgres/binaries';
import { initCluster, startCluster, type Cluster } from '../postgres/cluster';
import { connectTo, databaseName, ensureDatabase, ensureExtensions, ensureRoles, roleNames, type RolePasswords } from '../postgres/roles';
import { stopOrphan } from '../postgres/orphan';
import { consoleSettings } from '../postgres/settings';
import { openCredentials } from './credentials';
import type { Home } from './home';
import { root, type Place } from './paths';

const MiB = 1024 * 1024;

export type OwnDatabase = { cluster: Cluster; restart: () => Promise<Cluster>; env: Record<string, string> };

export type Say = (line: string) => void;

/** A new cluster, the demo data and a build need about this much; asked first, because half of it is of no use. */
async function refuseFullDisk(directory: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= neededBytes) return;
  throw new PlainError(`The disk of ${directory} is nearly full: ${Math.floor(free / MiB)} MB are free and ${Math.ceil(neededBytes / MiB)} MB are needed.`);
}

/** Stops what an earlier start of this console may have left behind. */
export async function clearOrphan(home: Home, say: Say): Promise<void> {
  if (!existsSync(home.dataDir)) return;
  if (await stopOrphan(home.dataDir)) say('Stopped the PostgreSQL that an earlier start had left behind');
}

/** The console's own PostgreSQL: created when there is none, started, with its roles and its database. */
export async function openOwnDatabase(place: Place, home: Home, say: Say): Promise<OwnDatabase> {
  const { account, dataDir, directory } = home;
  const isNew = !existsSync(dataDir);
  await refuseFullDisk(directory, (isNew ? 600 : 64) * MiB);
  const binaries = await usableBinaries({ root, binDir: process.env.POSTGRES_BIN_DIR, account, copyTo: join(directory, 'server') });
  const { port, passwords } = await openCredentials(place);
  if (isNew) {
    say(`Creating a PostgreSQL ${binaries.major} database in ${dataDir}`);
    if (home.outside) say(`  (outside the clone: PostgreSQL runs as ${account?.name}, who cannot reach ${place.base})`);
    await rm(place.prepared, { force: true });
    await initCluster({ binaries, account, dataDir }, passwords.postgres);
  }
  await trimLog(place.postgresLog);
  const settings = consoleSettings(binaries.major);
  const start = () => startCluster({ binaries, account, dataDir }, { port, settings, logFile: place.postgresLog, onWait: say });
  const cluster = await start();
  say(`PostgreSQL ${binaries.version} on 127.0.0.1:${port}${account ? ` as ${account.name}` : ''}, data in ${dataDir}`);
  try {
    await prepareDatabase(port, passwords);
  } catch (error) {
    await cluster.stop();
    throw refusedPassword(error, place);
  }
  return { cluster, restart: start, env: databaseEnvironment(port, passwords) };
}

async function trimLog(path: string): Promise<void> {
  const size = await stat(path).then((found) => found.size, () => 0);
  if (size > 20 * MiB) await truncate(path, 0);
}

async function prepareDatabase(port: number, passwords: RolePasswords): Promise<void> {
  const server = await connectTo(port, 'postgres', passwords.postgres);
  try {
    await ensureRoles(server, passwords);
    await ensureDatabase(server, databaseName);
  } finally {
    await server.end();
  }
  const database = await connectTo(port, databaseName, passwords.postgres);
  try {
    await ensureExtensions(database, databaseName);
  } finally {
    await database.end();
  }
}

function refusedPassword(error: unknown, place: Place): unknown {
  if ((error as { code?: string }).code !== '28P01') return error;
  return new PlainError(`The own PostgreSQL refuses the password kept in ${place.credentials}. Restore that file, or begin anew by removing ${place.base}.`);
}

/** What the console and the setup read; the settings of a server of one's own would have set the same names. */
export function databaseEnvironment(port: number, passwords: RolePasswords, database = databaseName): Record<string, string> {
  const url = (use: 'maintenance' | 'monitor') =>
    `postgres://${roleNames[use]}:${passwords[use]}@127.0.0.1:${port}/${database}?sslmode=disable`;
  return {
    DB_HOST: '127.0.0.1',
    DB_PORT: String(port),
    DB_NAME: database,
    DB_USER: roleNames.app,
    DB_PASSWORD: passwords.app,
    DB_SSL_MODE: 'disable',
    DB_MONITOR_URL: url('monitor'),
    DB_MAINTENANCE_URL: url('maintenance'),
    RISKDESK_OWN_DATABASE: '1',
  };
}
