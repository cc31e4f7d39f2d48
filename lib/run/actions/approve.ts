import 'server-only';
import { writeAudit } from '@/lib/db/audit';
import { database, transaction } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import { authorize, may, type Caller } from '@/lib/kit/caller';
import { asSent } from '@/lib/kit/finding';
import { violatedConstraint } from '@/lib/pg/errors';
import { sql } from '@/lib/pg/sql';
import { findJob, type Job } from './jobs';
import { partsOf, prepare, requireUnguarded } from './preview';
import { busy } from './queue-job';
import { actions } from './registry';
import { checkUnchanged } from './seal';

const isRequester = (job: Job, caller: Caller): boolean => job.requested_by === caller.userId || job.requester === caller.email;

export function mayApprove(job: Job, caller: Caller): boolean {
  const permission = actions.get(job.action)?.action.permission;
  return job.state === 'awaiting' && permission !== undefined && may(caller, permission) && !isRequester(job, caller);
}

/** Nothing that the requester was shown may have changed by then. @throws AppError */
async function look(job: Job): Promise<void> {
  const entry = actions.get(job.action);
  if (!entry || job.shown === null) throw new AppError('conflict', `This console does not know the action ${job.action}.`);
  const prepared = await prepare(entry, job.target, asSent(job.params));
  requireUnguarded(prepared);
  checkUnchanged(job.shown, partsOf(entry, prepared));
}

/** A second person agrees: the job is queued, if all is still as it was shown. @throws AppError not_found, forbidden, conflict, guard_refused, seal_stale, object_busy */
export async function approveJob(id: string, caller: Caller, reason: string | null, address: string | null): Promise<void> {
  const job = await findJob(id);
  authorize(caller, actions.get(job.action)?.action.permission ?? 'maintenance:destroy');
  if (job.state !== 'awaiting') throw new AppError('conflict', `The job does not wait for approval: ${job.state}.`);
  const details = { target: job.target, action: job.action, about: job.about, requester: job.requester, reason };
  try {
    if (isRequester(job, caller)) throw new AppError('conflict', 'Another person has to approve it: you have asked for it yourself.');
    await look(job);
    await transaction(async (tx) => {
      // Whoever queues a job on the object meanwhile waits for this, or has been there first.
      const [queued] = await tx.rows<{ id: string }>(sql`
        update riskdesk.jobs set state = 'queued', approver = ${caller.email}, approved_at = now() where id = ${id} and state = 'awaiting'
          and not exists (select from riskdesk.jobs o where o.target = ${job.target} and o.object_key = ${job.object_key} and o.state in ('queued', 'running')) returning id`);
      if (!queued) throw await busy(tx, '', job);
      await writeAudit(tx, { caller, action: 'jobs.approve', object: `job:${id}`, outcome: 'success', details, address });
    });
  } catch (thrown) {
    // Somebody else has begun one in the same moment.
    const error = violatedConstraint(thrown) === 'jobs_open_object_idx' ? await busy(database(), '', job) : thrown;
    if (error instanceof AppError && error.status === 409) await writeAudit(database(), { caller, action: 'jobs.approve', object: `job:${id}`, outcome: 'refused', details: { ...details, code: error.code, says: error.message }, address });
    throw error;
  }
}
