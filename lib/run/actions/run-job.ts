import 'server-only';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActionContext, Settled } from '@/lib/kit/action';
import type { Ending } from '@/lib/kit/job';
import type { Params } from '@/lib/kit/param';
import { isDiskFull, isPermissionDenied, isUnavailable, sqlState } from '@/lib/pg/errors';
import { sql } from '@/lib/pg/sql';
import { discardUnfinished, exportFacts } from '../exports/store';
import { log } from '../log';
import { maintenanceSettings, monitorTransaction } from '../monitor';
import { serverFacts } from '../server';
import { cancelBackend, Cancelled, GaveUp, withJobSession } from './job-session';
import { measure } from './measure';
import { stepOf } from './preview';
import { runStep } from './run-step';
import type { Watch } from './watch';
import { forgetTarget } from '../run-diagnostic';
import { finishJob, LostJob, saveJob, savePhase, type Job, type LogLine, type Progress } from './jobs';
import { progressOf } from './progress';
import { actions, type RegisteredAction } from './registry';

const watchMs = 500;

function entryOf(job: Job): RegisteredAction {
  const entry = actions.get(job.action);
  if (!entry) throw new GaveUp(`This console does not know the action ${job.action}.`);
  return entry;
}

const contextOf = async (job: Job): Promise<ActionContext<Params>> => ({ params: job.params as never, server: await serverFacts(job.target), role: maintenanceSettings(job.target).user, exports: exportFacts(job.target, job.id) });

/** The product's own database can be away for a while: what has happened on the target is written down when it is back. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error) || tries === 600) throw error;
      await sleep(1000);
    }
  }
}

async function end(job: Job, ...outcome: [Parameters<typeof finishJob>[1], string, boolean?]): Promise<void> {
  forgetTarget(job.target);
  await persistently(() => finishJob(job, ...outcome));
}

/** Runs a claimed job to its end and writes the end down. @throws LostJob */
export async function runJob(job: Job): Promise<void> {
  let outcome: { state: 'succeeded' | 'failed' | 'cancelled'; says: string };
  try {
    const more = await perform(job, entryOf(job));
    outcome = { state: 'succeeded', says: more === null ? 'Done.' : `Done. ${more}` };
  } catch (error) {
    if (error instanceof LostJob) throw error;
    outcome = { state: error instanceof Cancelled ? 'cancelled' : 'failed', says: explain(error) };
  }
  if (outcome.state === 'succeeded') return end(job, 'succeeded', outcome.says);
  // What never had a session has left nothing behind.
  if (!job.backend) return end(job, outcome.state, outcome.says);
  await settleAndFinish(job, outcome.state, outcome.says);
}

/** For a person: PostgreSQL's own message of an error of ours to read, never a driver's internals. */
function explain(error: unknown): string {
  if (error instanceof Cancelled) return 'Cancelled.';
  if (error instanceof GaveUp) return error.message;
  if (isUnavailable(error)) return 'The connection to the target broke off.';
  if (isPermissionDenied(error)) return 'The role that runs maintenance may not do this (SQLSTATE 42501).';
  const state = sqlState(error);
  if (isDiskFull(error)) return `The server’s disk is full, or what it may use of it: ${(error as Error).message} (SQLSTATE ${state}).`;
  if (state) return `PostgreSQL refused it: ${(error as Error).message} (SQLSTATE ${state}).`;
  log('error', 'a job failed', { kind: error instanceof Error ? error.name : typeof error });
  return 'It failed on the console’s side. The log has the details.';
}

/** @returns what is to be said beside that it is done */
async function perform(job: Job, entry: RegisteredAction): Promise<string | null> {
  const { action } = entry;
  const context = await contextOf(job);
  const now = await monitorTransaction(job.target, (ask) => action.find(ask, context));
  if (!now) throw new GaveUp('The object is not there any more.');
  if (now.identity !== job.object.identity) throw new GaveUp('The object is another one than when this was asked for.');
  const refused = action.guards(now, context);
  if (refused[0]) throw new GaveUp(refused[0].says);
  await saveJob(job, { before: await measure(job.target, entry, job.object) });
  const more = await withJobSession(job.target, job.object_key, async (session) => {
    job.backend = session.backend;
    await saveJob(job, { backend: session.backend });
    const watched = watch(job, action.progress, session.backend);
    try {
      for (const [index, step] of job.plan.entries()) {
        watched.begin(index);
        watched.log(`${index + 1}/${job.plan.length}: ${step.note}`);
        await runStep(session, step, { ...watched, tells: action.tells });
      }
      // DROP … IF EXISTS skips what is not there, which is as it should be.
      const denied = session.notices.find((notice) => /permission denied|only .* can (vacuum|analyze)|(?<!does not exist, )skipping/i.test(notice));
      if (denied) throw new GaveUp(`PostgreSQL skipped it: ${denied}`);
      return action.concludes?.(session.notices) ?? null;
    } finally {
      await watched.end();
    }
  });
  // Before PostgreSQL 15 the statistics that a session reads are up to half a second old (PGSTAT_STAT_INTERVAL).
  if (context.server.major < 15) await sleep(600);
  await saveJob(job, { after: await measure(job.target, entry, job.object) });
  return more;
}

type Watched = Watch & { begin: (step: number) => void; end: () => Promise<void> };

/** Mending goes on whatever anybody wants. */
const unwatched = ({ target, id }: Job): Watch => ({ target, job: id, cancelled: () => false, terminated: () => false, log: () => {}, moved: () => {}, held: () => {}, waitedNow: () => 0 });

/** While a job runs: its progress, who waits for it, its log, and whether somebody wants it to end. */
function watch(job: Job, view: RegisteredAction['action']['progress'], backend: NonNullable<Job['backend']>): Watched {
  let asked: Ending | null = null;
  let wanted: Ending | null = null;
  const over = new AbortController();
  let lines: LogLine[] = [];
  let [longest, latest, step, held] = [0, 0, 0, 0];
  let rows: { moved: number; expected: number | null } | null = null;
  const flush = async (progress?: Progress) => {
    const sent = lines;
    lines = [];
    const { cancelled, terminated } = await saveJob(job, { ...(progress ? { progress } : {}), log: sent, waited_ms: longest });
    if (cancelled) wanted = terminated ? 'terminate' : 'cancel';
  };
  const look = async () => {
    const seen = await progressOf(job.target, view, backend, { step, rows, held }).catch(() => undefined);
    latest = seen?.waited_ms ?? 0;
    longest = Math.max(longest, latest);
    await flush(seen);
  };
  const once = async () => {
    await look();
    if (wanted === null || wanted === asked) return;
    asked = wanted;
    await cancelBackend(job.target, backend, wanted).catch(() => false);
  };
  const looping = (async () => {
    while (!over.signal.aborted) {
      await once().catch((error: unknown) => {
        if (!(error instanceof LostJob)) return;
        wanted = 'cancel';
        over.abort();
      });
      await sleep(watchMs, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  return {
    target: job.target,
    job: job.id,
    begin: (index) => [step, rows] = [index, null],
    cancelled: () => wanted !== null,
    terminated: () => wanted === 'terminate',
    log: (says) => void lines.push({ at: new Date().toISOString(), says }),
    moved: (moved, expected) => void (rows = { moved, expected }),
    held: (ms, waited) => [held, longest] = [Math.max(held, ms), Math.max(longest, waited)],
    waitedNow: () => latest,
    end: async () => {
      over.abort();
      await looping;
      await persistently(look);
    },
  };
}

/** Looks at what is there after an end that was not a success, mends what is half done, and writes the end down. */
async function settleAndFinish(job: Job, state: 'failed' | 'cancelled' | 'interrupted', why: string): Promise<void> {
  const entry = actions.get(job.action);
  const settled = entry ? await settle(job, entry) : null;
  if (settled?.state === 'done') return end(job, 'succeeded', `${why} It was done all the same: ${settled.says}`);
  const resumable = settled?.state === 'resumable';
  await end(job, state, [why, settled?.says ?? 'What is left of it is not known.', ...(resumable ? ['What is done stays done: start it again to go on.'] : [])].join(' '), resumable);
}

/** While it is mended: for whom that waits. The other figures are those of the job itself. */
async function telling(job: Job, backend: NonNullable<Job['backend']>, work: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const looping = (async () => {
    while (!over.signal.aborted) {
      const seen = await progressOf(job.target, null, backend, { step: 0, rows: null, held: 0 }).catch(() => null);
      if (seen) await savePhase(job, seen.phase).catch(() => {});
      await sleep(watchMs, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  try {
    await work();
  } finally {
    over.abort();
    await looping;
  }
}

const dependentObjects = '2BP01';

/** PostgreSQL names them in its detail, one a line. */
function dependentsOf(error: unknown): string {
  const { message, detail } = error as Error & { detail?: string };
  return `${message}${detail ? `: ${detail.replaceAll('\n', ', ')}` : ''}.`;
}

async function settle(job: Job, { action }: RegisteredAction): Promise<Settled> {
  return persistently(async () => {
    await discardUnfinished(job.id);
    const context = await contextOf(job);
    const look = (mended: boolean) => monitorTransaction(job.target, (ask) => action.settle(ask, job.object, context, mended));
    const found = await look(false);
    if (found.mend.length === 0) return found;
    const fault = await withJobSession(job.target, job.object_key, async (session) => {
      await saveJob(job, { backend: session.backend, log: [{ at: new Date().toISOString(), says: `Mending: ${found.says}` }] });
      try {
        await telling(job, session.backend, async () => {
          for (const step of found.mend) await runStep(session, stepOf(step), unwatched(job));
        });
        return null;
      } catch (error) {
        // Others’ objects stand in the way of a DROP: a person has to decide about those.
        if (sqlState(error) === dependentObjects) return dependentsOf(error);
        throw error;
      }
    });
    // Done but for what is left, which a person has to know of.
    if (fault !== null) return { ...found, state: found.state === 'done' ? 'undone' : found.state, says: `${found.says} It could not be mended: ${fault}` };
    const after = await look(true);
    if (after.mend.length > 0) return { ...after, says: `${found.says} It could not be mended.` };
    return { ...after, says: `${found.says} It is mended.${after.says === found.says ? '' : ` ${after.says}`}` };
  });
}

/** Seconds until a session whose console has died is ended rather than waited for. */
const patience = 15;

/** A job of a console that has died: its session is waited for, or ended, and then the catalog says how it stands. @throws LostJob */
export async function reconcile(job: Job): Promise<void> {
  if (job.backend) await persistently(() => untilGone(job));
  await settleAndFinish(job, job.cancel_requested_at === null ? 'interrupted' : 'cancelled', 'The console that ran this has died.');
}

async function untilGone(job: Job): Promise<void> {
  const { backend } = job;
  if (!backend) return;
  for (let second = 0; ; second += 1) {
    const there = second < patience ? await isThere(job.target, backend) : await cancelBackend(job.target, backend, 'terminate');
    if (!there) return;
    await sleep(1000);
  }
}

const isThere = async (target: string, { pid, started }: NonNullable<Job['backend']>): Promise<boolean> => {
  const rows = await monitorTransaction(target, (ask) => ask(sql`select from pg_stat_activity where pid = ${pid} and backend_start = ${started}::timestamptz`));
  return rows.length > 0;
};
