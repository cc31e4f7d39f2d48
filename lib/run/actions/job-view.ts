import 'server-only';
import type { Caller } from '@/lib/kit/caller';
import type { JobView } from '@/lib/kit/job';
import { mayApprove } from './approve';
import { approvalHours, type Job } from './jobs';
import { shownPlan } from './preview';

const clock = (time: string | null): string => time?.slice(0, 5) ?? '';

/** What an open job waits for, other than a free runner. */
function waitsFor(job: Job): string | null {
  if (job.state === 'awaiting') return `Waits for another person’s approval, for at most ${approvalHours} hours.`;
  if (job.state !== 'queued' || job.in_window) return null;
  return `Waits for its window, ${clock(job.window_from)} to ${clock(job.window_to)} ${job.time_zone ?? ''}.`;
}

/** Jobs of before these were kept have none of them. */
const progressOf = ({ progress }: Job) => progress && { step: progress.step, phase: progress.phase, fraction: progress.fraction, waiting: progress.waiting, waited_ms: progress.waited_ms, moved: progress.moved ?? null, expected: progress.expected ?? null, held_ms: progress.held_ms ?? 0 };

/** A job as the API shows it to somebody. */
export const jobView = (job: Job, caller: Caller): JobView => ({
  id: job.id, action: job.action, target: job.target, object: job.about, state: job.state, says: job.says, resumable: job.progress?.resumable ?? false, progress: progressOf(job), waitedMs: job.waited_ms, plan: shownPlan(job.plan), log: job.log,
  before: job.before, after: job.after, later: job.later, inverse: job.inverse, params: job.params, waits: waitsFor(job), group: job.group_id, schedule: job.schedule_id,
  mayApprove: mayApprove(job, caller), approvedBy: job.approver, approvedAt: job.approved_at,
  requestedBy: job.requester, reason: job.reason, createdAt: job.created_at, startedAt: job.started_at, finishedAt: job.finished_at, cancelRequestedAt: job.cancel_requested_at, terminateRequestedAt: job.terminate_requested_at,
});
