import 'server-only';
import { ensureFirstAdmin } from '@/lib/auth/users';
import { appPool, reservePool, database } from '@/lib/db/client';
import { inRoute } from '@/lib/db/route';
import { migrate } from '@/lib/db/migrate';
import { SettingsError } from '@/lib/env';
import { isRefusedCredentials, isUnavailable, sqlState } from '@/lib/pg/errors';
import { clearOldAttempts } from '@/lib/auth/sign-in-limit';
import { drainOnStop } from './drain';
import { checkpointForever } from './audit/checkpoint';
import { runForever } from './actions/runner';
import { tendJobsForever } from './actions/upkeep';
import { log } from './log';
import { startMetrics } from './metrics';
import { monitorPool } from './monitor';
import { watchRequests } from './peer';
import { sampleForever } from './sampler';

const retryMs = 1000;
const hourMs = 3_600_000;

type Boot = { ready: boolean; started: boolean };

const shared = globalThis as typeof globalThis & { riskdeskBoot?: Boot };

const boot = (): Boot => (shared.riskdeskBoot ??= { ready: false, started: false });

/** Whether migrations have run and the console can do its work. */
export const isReady = (): boolean => boot().ready;

/** Once per process, before the first request. The database may come later: the console serves meanwhile and says so. */
export function startConsole(): void {
  if (boot().started) return;
  boot().started = true;
  start().catch(leave);
}

async function start(): Promise<void> {
  watchRequests();
  drainOnStop();
  startMetrics();
  await untilReady();
}

/** Next would serve on with wrong settings and answer 500; `npm start` has checked them before, a container has not. */
function leave(error: unknown): void {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

async function untilReady(): Promise<void> {
  for (let attempt = 0; !boot().ready; attempt += 1) {
    try {
      await prepare();
      boot().ready = true;
    } catch (error) {
      if (error instanceof SettingsError) throw error;
      if (attempt % 60 === 0) log('warn', 'the database is not ready yet', { sqlState: sqlState(error) ?? null, kind: isRefusedCredentials(error) ? 'credentials refused' : isUnavailable(error) ? 'unreachable' : 'migration failed' });
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
    }
  }
  setInterval(() => void inRoute('job', 'upkeep', upkeep), hourMs).unref();
  void sampleForever();
  void runForever();
  void checkpointForever();
  void tendJobsForever();
}

async function prepare(): Promise<void> {
  const { applied, partitions } = await migrate();
  await ensureFirstAdmin(database());
  await Promise.all([appPool().warm(), reservePool().warm(), monitorPool('main').warm()]);
  log('info', 'database ready', { migrations: applied, partitions });
}

/** Partitions of the coming months must exist before their first row, however long the console runs. */
async function upkeep(): Promise<void> {
  try {
    await migrate();
    await clearOldAttempts();
  } catch (error) {
    log('warn', 'hourly upkeep failed; it is tried again next hour', { sqlState: sqlState(error) ?? null });
  }
}
