import { isOpen, type JobView } from '@/lib/kit/job';
import { formatCount, formatRatio } from '@/lib/units';

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** PostgreSQL’s own word for the phase, where it has one. */
function phaseOf({ progress, plan }: JobView): string {
  const step = plan.length > 1 ? `step ${(progress?.step ?? 0) + 1} of ${plan.length}: ` : '';
  if (progress && progress.moved !== null) return capital(`${step}${formatCount(progress.moved)}${progress.expected === null ? '' : ` of about ${formatCount(progress.expected)}`} rows moved`);
  return capital(`${step}${progress?.phase ?? 'runs'}${!progress?.fraction ? '' : `, ${formatRatio(progress.fraction)} of this phase`}`);
}

function ending({ progress }: JobView): string {
  return `Is being cancelled.${progress?.phase?.startsWith('Waits for') ? ` ${progress.phase}.` : ''}`;
}

/** How a job stands in one sentence: how it ended, what it waits for, or what it does now. */
export function standingOf(job: JobView): string {
  const { says, waits, state, cancelRequestedAt } = job;
  if (says ?? waits) return says ?? waits ?? '';
  if (cancelRequestedAt && isOpen(state)) return ending(job);
  return state === 'queued' ? 'Waits for its turn.' : phaseOf(job);
}

/** How much of what can be counted is done, 0 to 1; null where nothing can. */
export function shareOf({ progress }: JobView): number | null {
  const { fraction = null, moved = null, expected = null } = progress ?? {};
  return moved !== null && expected ? Math.min(1, moved / expected) : fraction;
}

/** What somebody is told who does not see it: changes that matter, not each figure as it moves. */
export function announcementOf(job: JobView): string {
  const { state, plan, progress } = job;
  if (state !== 'running') return `${state}. ${standingOf(job)}`;
  const step = plan.length > 1 ? `, step ${(progress?.step ?? 0) + 1} of ${plan.length}` : '';
  const quarters = Math.floor((shareOf(job) ?? 0) * 4);
  return `running${step}${quarters > 0 ? `, ${quarters * 25} % of it` : ''}`;
}
