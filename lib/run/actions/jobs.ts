import 'server-only';
import { writeAudit } from '@/lib/db/audit';
import { database, transaction, type Database } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import type { ActionObject, Figures } from '@/lib/kit/action';
import type { Caller } from '@/lib/kit/caller';
import type { Remedy } from '@/lib/kit/finding';
import { isOpen, type Ending, type JobProgress, type JobState, type JobView, type LogLine } from '@/lib/kit/job';
import { violatedConstraint } from '@/lib/pg/errors';
import { array, sql, type SQL } from '@/lib/pg/sql';
import type { ShownStep } from './preview';
import type { Parts } from './seal';

export type { LogLine };
export type Progress = JobProgress & { resumable?: boolean };
export type Backend = { pid: number; started: string };

/** A row of riskdesk.jobs, as the runner works with it. */
export type Job = {
  id: string; target: string; action: string; about: string; object_key: string; object: ActionObject; params: Record<string, unknown>; plan: ShownStep[];
  state: JobState; requester: string; requested_by: string | null; reason: string | null; created_at: string; started_at: string | null; finished_at: string | null;
  cancel_requested_at: string | null; terminate_requested_at: string | null; runner: number | null; fence: number; backend: Backend | null; progress: Progress | null; says: string | null; log: LogLine[];
  before: Figures | null; after: Figures | null; later: JobView['later']; inverse: Remedy | null; waited_ms: number;
  group_id: string | null; schedule_id: string | null; window_from: string | null; window_to: string | null; time_zone: string | null; in_window: boolean;
  shown: Parts | null; approver: string | null; approved_at: string | null;
};

/** Whether now lies in a job's window, by the clock of its time zone; one that ends before it begins goes over midnight. */
const inWindow = sql`(window_from is null or case when window_from <= window_to
  then (now() at time zone time_zone)::time >= window_from and (now() at time zone time_zone)::time < window_to
  else (now() at time zone time_zone)::time >= window_from or (now() at time zone time_zone)::time < window_to end)`;

/** What is said here is on disk before anything is done on the strength of it, though the server may be set to tell so earlier. */
export const onDisk = (tx: Database) => tx.rows(sql`select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'`);

const columns = sql`id, target, action, about, object_key, object, params, plan, state, requester, requested_by, reason, created_at, started_at, finished_at, cancel_requested_at, terminate_requested_at, runner, fence, backend, progress, says, log,
  before, after, later, inverse, waited_ms, group_id, schedule_id, window_from::text, window_to::text, time_zone, ${inWindow} as in_window, shown, approver, approved_at`;

/** Rows of jobs by a condition, for the modules beside this one. */
export const jobsWhere = (rest: SQL): SQL => sql`select ${columns} from riskdesk.jobs where ${rest}`;

export async function findJob(id: string): Promise<Job> {
  const [job] = await database().rows<Job>(jobsWhere(sql`id = ${id}`));
  if (!job) throw new AppError('not_found', 'There is no such job.');
  return job;
}

const open = sql`state in ('awaiting', 'queued', 'running')`;
const byState = { any: sql`true`, open, ended: sql`not (${open})` };

/** Which of these are jobs of this database, and no longer running. */
export const endedOf = async (ids: string[]): Promise<string[]> => (await database().rows<{ id: string }>(sql`select id from riskdesk.jobs where id = any (${array(ids)}::uuid[]) and state <> 'running'`)).map(({ id }) => id);

/** The newest jobs, those that are open first. */
export const listJobs = (limit: number, state: keyof typeof byState = 'any'): Promise<Job[]> =>
  database().rows<Job>(jobsWhere(sql`${byState[state]} order by ${open} desc, created_at desc, id desc limit ${limit}`));

/** Asks for the end of a job: at once where it has not begun, by its runner where it has. Its session is ended only after a cancel has not helped. @throws AppError not_found, conflict */
export async function cancelJob(id: string, how: Ending, caller: Caller, address: string | null): Promise<void> {
  await transaction(async (tx) => {
    const [job] = await tx.rows<Pick<Job, 'state' | 'action' | 'target' | 'about' | 'cancel_requested_at'>>(sql`select state, action, target, about, cancel_requested_at from riskdesk.jobs where id = ${id} for update`);
    if (!job) throw new AppError('not_found', 'There is no such job.');
    if (!isOpen(job.state)) throw new AppError('conflict', `The job has ended: ${job.state}.`);
    if (how === 'terminate' && job.cancel_requested_at === null) throw new AppError('conflict', 'Cancel it first: that ends the statement alone, and mostly is enough.');
    await tx.rows(sql`
      update riskdesk.jobs set cancel_requested_at = coalesce(cancel_requested_at, now()), terminate_requested_at = case when ${how === 'terminate'} then coalesce(terminate_requested_at, now()) else terminate_requested_at end, state = case when state = 'running' then state else 'cancelled' end,
        finished_at = case when state <> 'running' then now() end, says = case when state <> 'running' then 'Cancelled before it began.' else says end
      where id = ${id}`);
    await writeAudit(tx, { caller, action: `jobs.${how}`, object: `job:${id}`, outcome: 'success', details: { target: job.target, action: job.action, about: job.about }, address });
  });
}

/** Classes of advisory locks of the console's own database: migrations have number 1. */
export const runnerLock = 0x52_49_53_4b;

const running = sql`exists (
  select from pg_locks l where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = ${runnerLock}::oid and l.objid = j.runner::oid and l.objsubid = 2 and l.granted)`;

const earlier = sql`select from riskdesk.jobs e where e.group_id = j.group_id and e.target = j.target and (e.created_at, e.id) < (j.created_at, j.id)`;
const unsuccessful = sql`('failed', 'cancelled', 'interrupted')`;
/** One at a time in a group, in the order they were asked for; after one that failed only those that do not mind. */
const itsTurn = sql`(j.group_id is null or not exists (${earlier} and (e.state in ('awaiting', 'queued', 'running') or j.stop_on_failure and e.state in ${unsuccessful})))`;

const objectIsFree = sql`not exists (select from riskdesk.jobs o where o.target = j.target and o.object_key = j.object_key and o.state = 'running')`;

/** The oldest queued job whose turn it is and whose window is open, as this runner's. */
export async function claimJob(runner: number): Promise<Job | null> {
  try {
    const [job] = await database().rows<Job>(sql`
      update riskdesk.jobs set state = 'running', runner = ${runner}, fence = fence + 1, started_at = now()
      where id = (select id from riskdesk.jobs j where state = 'queued' and ${inWindow} and ${itsTurn} and ${objectIsFree} order by created_at, id for update skip locked limit 1) and state = 'queued'
      returning ${columns}`);
    return job ?? null;
  } catch (error) {
    // Another console has begun one on the same object in the same moment.
    if (violatedConstraint(error) === 'jobs_running_object_idx') return null;
    throw error;
  }
}

/** Jobs whose runner holds its lock no longer, as this runner's: how they ended nobody saw. */
export const adoptJobs = (runner: number): Promise<Job[]> =>
  database().rows<Job>(sql`update riskdesk.jobs j set runner = ${runner}, fence = fence + 1 where state = 'running' and runner <> ${runner} and not ${running} returning ${columns}`);

/** Ends queued and awaiting jobs that no longer have a chance, each with its audit row. */
async function giveUp(condition: SQL, says: string): Promise<void> {
  const next = () => transaction(async (tx) => {
    const [job] = await tx.rows<Pick<Job, 'id' | 'action' | 'target' | 'about' | 'requester'>>(sql`
      update riskdesk.jobs set state = 'cancelled', finished_at = now(), says = ${says}
      where id = (select id from riskdesk.jobs j where ${condition} order by created_at, id for update skip locked limit 1) and state in ('awaiting', 'queued') returning id, action, target, about, requester`);
    if (job) await writeAudit(tx, { caller: null, actor: job.requester, action: job.action, object: `job:${job.id}`, outcome: 'failed', details: { stage: 'ended', state: 'cancelled', says, target: job.target, about: job.about } });
    return job !== undefined;
  });
  while (await next());
}

export const approvalHours = 24;

/** What follows a failed job of its group and was to stop then, and what nobody has approved in time. */
export async function giveUpHopeless(): Promise<void> {
  // Mostly nothing waits, and this is asked every second.
  const waiting = await database().rows(sql`select from riskdesk.jobs where state in ('awaiting', 'queued') limit 1`);
  if (waiting.length === 0) return;
  await giveUp(sql`state in ('awaiting', 'queued') and stop_on_failure and exists (${earlier} and e.state in ${unsuccessful})`, 'Not begun: one before it in its group did not succeed.');
  await giveUp(sql`state = 'awaiting' and created_at < now() - make_interval(hours => ${approvalHours})`, `Nobody approved it within ${approvalHours} hours.`);
}

/** Somebody else has the job now. */
export class LostJob extends Error {}

type Change = Partial<{ backend: Backend; progress: Progress; log: LogLine[]; before: Figures; after: Figures; waited_ms: number }>;

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

/** Writes down how a job stands. Log lines are added. @throws LostJob where another runner has taken it over; a cancel that is asked for is the answer */
export async function saveJob({ id, fence }: Pick<Job, 'id' | 'fence'>, { backend, progress, log = [], before, after, waited_ms: waited }: Change): Promise<{ cancelled: boolean; terminated: boolean }> {
  const [row] = await database().rows<{ cancelled: boolean; terminated: boolean }>(sql`
    update riskdesk.jobs set backend = coalesce(${json(backend)}::jsonb, backend), progress = coalesce(${json(progress)}::jsonb, progress), log = log || ${JSON.stringify(log)}::jsonb,
      before = coalesce(${json(before)}::jsonb, before), after = coalesce(${json(after)}::jsonb, after), waited_ms = greatest(waited_ms, ${waited ?? 0})
    where id = ${id} and fence = ${fence} and state = 'running' returning cancel_requested_at is not null as cancelled, terminate_requested_at is not null as terminated`);
  if (!row) throw new LostJob(id);
  return row;
}

const noProgress: Progress = { step: 0, phase: null, fraction: null, waiting: 0, waited_ms: 0, moved: null, expected: null, held_ms: 0 };

/** What a job does now, beside the rest of its progress. */
export const savePhase = ({ id, fence }: Pick<Job, 'id' | 'fence'>, phase: string | null) =>
  database().rows(sql`update riskdesk.jobs set progress = coalesce(progress, ${JSON.stringify(noProgress)}::jsonb) || jsonb_build_object('phase', ${phase}::text) where id = ${id} and fence = ${fence} and state = 'running'`);

/** Ends a job, with the audit row of its outcome. @throws LostJob */
export async function finishJob(job: Job, state: Exclude<JobState, 'awaiting' | 'queued' | 'running'>, says: string, resumable = false): Promise<void> {
  await transaction(async (tx) => {
    await onDisk(tx);
    const [row] = await tx.rows<{ id: string }>(sql`
      update riskdesk.jobs set state = ${state}, says = ${says}, finished_at = now(), progress = case when ${resumable} then coalesce(progress, ${JSON.stringify(noProgress)}::jsonb) || '{"resumable": true}' else progress end
      where id = ${job.id} and fence = ${job.fence} and state = 'running' returning id`);
    if (!row) throw new LostJob(job.id);
    const outcome = state === 'succeeded' ? 'success' : 'failed';
    await writeAudit(tx, { caller: null, actor: job.requester, action: job.action, object: `job:${job.id}`, outcome, details: { stage: 'ended', state, says, target: job.target, about: job.about } });
  });
}
