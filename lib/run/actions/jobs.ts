import 'server-only';
import { uuidv7 } from 'uuidv7';
import { writeAudit } from '@/lib/db/audit';
import { database, transaction } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import type { ActionObject, Figures } from '@/lib/kit/action';
import type { Caller } from '@/lib/kit/caller';
import type { Remedy } from '@/lib/kit/finding';
import type { JobProgress } from '@/lib/kit/job';
import { violatedConstraint } from '@/lib/pg/errors';
import { sql } from '@/lib/pg/sql';
import type { ShownStep, Prepared } from './preview';

export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'] as const;
export type JobState = (typeof jobStates)[number];
export const isSettled = (state: JobState): boolean => state !== 'queued' && state !== 'running';

export type LogLine = { at: string; says: string };
export type Progress = JobProgress & { resumable?: boolean };
export type Backend = { pid: number; started: string };

/** A row of riskdesk.jobs, as the runner works with it. */
export type Job = {
  id: string; target: string; action: string; about: string; object_key: string; object: ActionObject; params: Record<string, unknown>; plan: ShownStep[];
  state: JobState; requester: string; requested_by: string | null; reason: string | null; created_at: string; started_at: string | null; finished_at: string | null;
  cancel_requested_at: string | null; runner: number | null; fence: number; backend: Backend | null; progress: Progress | null; says: string | null; log: LogLine[];
  before: Figures | null; after: Figures | null; inverse: Remedy | null; waited_ms: number;
};

const columns = sql`id, target, action, about, object_key, object, params, plan, state, requester, requested_by, reason, created_at, started_at, finished_at, cancel_requested_at, runner, fence, backend, progress, says, log, before, after, inverse, waited_ms`;

/** Queues a job with its audit row. @throws AppError object_busy where one is open on the same object */
export async function queueJob(action: string, prepared: Prepared, caller: Caller, reason: string | null, address: string | null): Promise<string> {
  const { target, object, params, plan, inverse } = prepared;
  const id = uuidv7();
  try {
    await transaction(async (tx) => {
      await tx.rows(sql`
        insert into riskdesk.jobs (id, target, action, about, object_key, object, params, plan, requested_by, requester, reason, inverse)
        values (${id}, ${target}, ${action}, ${object.name}, ${object.key}, ${JSON.stringify(object)}::jsonb, ${JSON.stringify(params)}::jsonb, ${JSON.stringify(plan)}::jsonb,
          ${caller.userId}, ${caller.email}, ${reason}, ${inverse === null ? null : JSON.stringify(inverse)}::jsonb)`);
      await writeAudit(tx, { caller, action, object: `job:${id}`, outcome: 'success', details: { stage: 'requested', target, about: object.name, reason, plan: plan.map((step) => step.sql) }, address });
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'jobs_open_object_idx') throw error;
    const [open] = await database().rows<{ id: string; requester: string }>(sql`select id, requester from riskdesk.jobs where target = ${target} and object_key = ${object.key} and state in ('queued', 'running')`);
    throw new AppError('object_busy', open ? `${open.requester} has a job open on this object.` : 'A job on this object has just ended: look again.', open ? { jobId: open.id } : {});
  }
  return id;
}

export async function findJob(id: string): Promise<Job> {
  const [job] = await database().rows<Job>(sql`select ${columns} from riskdesk.jobs where id = ${id}`);
  if (!job) throw new AppError('not_found', 'There is no such job.');
  return job;
}

/** The newest jobs, those that are open first. */
export const listJobs = (limit: number): Promise<Job[]> =>
  database().rows<Job>(sql`select ${columns} from riskdesk.jobs order by state in ('queued', 'running') desc, created_at desc, id desc limit ${limit}`);

/** Asks for the end of a job: at once where it has not begun, by its runner where it has. @throws AppError not_found, conflict */
export async function cancelJob(id: string, caller: Caller, address: string | null): Promise<void> {
  await transaction(async (tx) => {
    const [job] = await tx.rows<{ state: JobState; action: string; target: string; about: string }>(sql`select state, action, target, about from riskdesk.jobs where id = ${id} for update`);
    if (!job) throw new AppError('not_found', 'There is no such job.');
    if (isSettled(job.state)) throw new AppError('conflict', `The job has ended: ${job.state}.`);
    await tx.rows(sql`
      update riskdesk.jobs set cancel_requested_at = coalesce(cancel_requested_at, now()),
        state = case when state = 'queued' then 'cancelled' else state end, finished_at = case when state = 'queued' then now() end, says = case when state = 'queued' then 'Cancelled before it began.' else says end
      where id = ${id}`);
    await writeAudit(tx, { caller, action: 'jobs.cancel', object: `job:${id}`, outcome: 'success', details: { target: job.target, action: job.action, about: job.about }, address });
  });
}

/** Classes of advisory locks of the console's own database: migrations have number 1. */
export const runnerLock = 0x52_49_53_4b;

const running = sql`exists (
  select from pg_locks l where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = ${runnerLock}::oid and l.objid = j.runner::oid and l.objsubid = 2 and l.granted)`;

/** The oldest queued job, as this runner's. */
export async function claimJob(runner: number): Promise<Job | null> {
  const [job] = await database().rows<Job>(sql`
    update riskdesk.jobs set state = 'running', runner = ${runner}, fence = fence + 1, started_at = now()
    where id = (select id from riskdesk.jobs where state = 'queued' order by created_at, id for update skip locked limit 1) and state = 'queued'
    returning ${columns}`);
  return job ?? null;
}

/** Jobs whose runner holds its lock no longer, as this runner's: how they ended nobody saw. */
export const adoptJobs = (runner: number): Promise<Job[]> =>
  database().rows<Job>(sql`update riskdesk.jobs j set runner = ${runner}, fence = fence + 1 where state = 'running' and runner <> ${runner} and not ${running} returning ${columns}`);

/** Somebody else has the job now. */
export class LostJob extends Error {}

type Change = Partial<{ backend: Backend; progress: Progress; log: LogLine[]; before: Figures; after: Figures; waited_ms: number }>;

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

/** Writes down how a job stands. Log lines are added. @throws LostJob where another runner has taken it over; a cancel that is asked for is the answer */
export async function saveJob({ id, fence }: Pick<Job, 'id' | 'fence'>, { backend, progress, log = [], before, after, waited_ms: waited }: Change): Promise<{ cancelled: boolean }> {
  const [row] = await database().rows<{ cancelled: boolean }>(sql`
    update riskdesk.jobs set backend = coalesce(${json(backend)}::jsonb, backend), progress = coalesce(${json(progress)}::jsonb, progress), log = log || ${JSON.stringify(log)}::jsonb,
      before = coalesce(${json(before)}::jsonb, before), after = coalesce(${json(after)}::jsonb, after), waited_ms = greatest(waited_ms, ${waited ?? 0})
    where id = ${id} and fence = ${fence} and state = 'running' returning cancel_requested_at is not null as cancelled`);
  if (!row) throw new LostJob(id);
  return row;
}

const noProgress: Progress = { step: 0, phase: null, fraction: null, waiting: 0, waited_ms: 0, moved: null, expected: null, held_ms: 0 };

/** Ends a job, with the audit row of its outcome. @throws LostJob */
export async function finishJob(job: Job, state: Exclude<JobState, 'queued' | 'running'>, says: string, resumable = false): Promise<void> {
  await transaction(async (tx) => {
    const [row] = await tx.rows<{ id: string }>(sql`
      update riskdesk.jobs set state = ${state}, says = ${says}, finished_at = now(), progress = case when ${resumable} then coalesce(progress, ${JSON.stringify(noProgress)}::jsonb) || '{"resumable": true}' else progress end
      where id = ${job.id} and fence = ${job.fence} and state = 'running' returning id`);
    if (!row) throw new LostJob(job.id);
    const outcome = state === 'succeeded' ? 'success' : 'failed';
    await writeAudit(tx, { caller: null, actor: job.requester, action: job.action, object: `job:${job.id}`, outcome, details: { stage: 'ended', state, says, target: job.target, about: job.about } });
  });
}
