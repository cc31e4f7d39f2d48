import { expect, test } from 'vitest';
import type { JobView } from '@/lib/kit/job';
import { announcementOf, standingOf } from './job-standing';

const step = { sql: 'select 1', note: 'One', lock: null, waits: 'bounded' as const, batches: false };
const progress = { step: 0, phase: null, fraction: null, waiting: 0, waited_ms: 0, moved: null, expected: null, held_ms: 0 };
const job = (more: Partial<JobView>): JobView => ({
  id: '1', action: 'tables.vacuum', target: 'main', object: 'public.t', state: 'running', says: null, resumable: false, progress: null, waitedMs: 0, plan: [step], log: [], before: null, after: null, later: [], inverse: null, params: {},
  waits: null, group: null, schedule: null, mayApprove: false, approvedBy: null, approvedAt: null, requestedBy: 'a', reason: null, createdAt: '', startedAt: null, finishedAt: null, cancelRequestedAt: null, terminateRequestedAt: null, ...more,
});

test('a job that waits or works says so, as one that has ended says how', () => {
  expect(standingOf(job({ state: 'queued' }))).toBe('Waits for its turn.');
  expect(standingOf(job({ state: 'awaiting', waits: 'Waits for another person’s approval.' }))).toBe('Waits for another person’s approval.');
  expect(standingOf(job({}))).toBe('Runs');
  expect(standingOf(job({ plan: [step, step], progress: { ...progress, step: 1, phase: 'scanning heap', fraction: 0.5 } }))).toBe('Step 2 of 2: scanning heap, 50.0 % of this phase');
  expect(standingOf(job({ progress: { ...progress, moved: 1500, expected: 6000 } }))).toBe('1,500 of about 6,000 rows moved');
  expect(standingOf(job({ cancelRequestedAt: '2026-01-01', progress: { ...progress, phase: 'Waits for process 7' } }))).toBe('Is being cancelled. Waits for process 7.');
  expect(standingOf(job({ state: 'succeeded', says: 'Done.' }))).toBe('Done.');
});

test('what is announced changes with the step, each quarter and the end, not with each figure', () => {
  const at = (moved: number) => announcementOf(job({ plan: [step, step], progress: { ...progress, moved, expected: 1000 } }));
  expect([at(1), at(249), at(250), at(499), at(999)]).toEqual(['running, step 1 of 2', 'running, step 1 of 2', 'running, step 1 of 2, 25 % of it', 'running, step 1 of 2, 25 % of it', 'running, step 1 of 2, 75 % of it']);
  expect(announcementOf(job({ state: 'failed', says: 'It ended.' }))).toBe('failed. It ended.');
});
