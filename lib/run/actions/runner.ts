import 'server-only';
import { setTimeout as sleep } from 'node:timers/promises';
import { isUnavailable, sqlState } from '@/lib/pg/errors';
import { ownSettings } from '@/lib/pg/connection';
import { withSession } from '@/lib/pg/session';
import { discardUnfinished, unfinished } from '../exports/store';
import { log } from '../log';
import { adoptJobs, claimJob, endedOf, finishJob, LostJob, runnerLock, type Job } from './jobs';
import { reconcile, runJob } from './run-job';

/** A runner that died is noticed within this time. */
const tickMs = 1000;
const atOnce = 2;

type Runner = { kick: () => void; wake: Promise<void> };
const shared = globalThis as typeof globalThis & { riskdeskRunner?: Runner };

function signal(): Runner {
  if (shared.riskdeskRunner) return shared.riskdeskRunner;
  const runner: Runner = { kick: () => {}, wake: Promise.resolve() };
  rearm(runner);
  return (shared.riskdeskRunner = runner);
}

function rearm(runner: Runner): void {
  runner.wake = new Promise((resolve) => (runner.kick = resolve));
}

/** Something is queued: the runner of this process looks at once. */
export const kickRunner = (): void => signal().kick();

/**
 * Runs queued jobs and takes over those of consoles that have died, for as long as this process lives. A console lives while a session of
 * its own holds an advisory lock in the product's database: the server itself lets go of it, whatever ended the process.
 */
export async function runForever(stopped: () => boolean = () => false): Promise<void> {
  while (!stopped()) {
    try {
      await withSession(ownSettings('app'), { name: 'runner', connectTimeoutMs: 5000 }, async (client) => {
        const runner = 1000 + Math.floor(Math.random() * 2_000_000_000);
        const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [runnerLock, runner]);
        if (rows[0]?.taken) await runAs(runner, () => client.query('select 1'), stopped);
      });
    } catch (error) {
      log('warn', 'the runner of jobs starts again', { sqlState: sqlState(error) ?? null, away: isUnavailable(error) });
    }
    await sleep(tickMs);
  }
}

/** What consoles that died have left of exports whose jobs others have settled since, who need not see this disk. */
async function sweepExports(): Promise<void> {
  const left = await unfinished();
  const ended = left.length === 0 ? [] : await endedOf(left);
  for (const id of ended) await discardUnfinished(id);
}

async function runAs(runner: number, alive: () => Promise<unknown>, stopped: () => boolean): Promise<void> {
  const open = new Set<Promise<void>>();
  const begin = (job: Job, work: (job: Job) => Promise<void>) => {
    const done = work(job).catch(async (error: unknown) => {
      if (error instanceof LostJob) return;
      log('error', 'a job ended without an outcome', { job: job.id, sqlState: sqlState(error) ?? null, kind: error instanceof Error ? error.name : typeof error });
      // While it is open nobody else may work on its object.
      await finishJob(job, 'failed', 'The console failed when it looked at how it stands: what is left of it is not known. The log has the details.').catch(() => {});
    });
    open.add(done);
    void done.finally(() => open.delete(done)).then(kickRunner);
  };
  await sweepExports();
  while (!stopped()) {
    rearm(signal());
    await alive();
    for (const job of await adoptJobs(runner)) begin(job, reconcile);
    for (let job = open.size < atOnce ? await claimJob(runner) : null; job; job = open.size < atOnce ? await claimJob(runner) : null) begin(job, runJob);
    await Promise.race([sleep(tickMs), signal().wake]);
  }
  await Promise.all(open);
}
