import type { z } from 'zod';
import type { Refusal } from './action';
import type { blockerSchema, jobSchema, logLineSchema, planStepSchema, previewSchema, progressSchema } from './job-schema';
import type { JobState } from './job-states';

export { jobStates, type Ending, type JobState } from './job-states';

/** It may still do something; `awaiting` another person’s approval. */
export const isOpen = (state: JobState): boolean => state === 'awaiting' || state === 'queued' || state === 'running';

export type PlanStep = z.infer<typeof planStepSchema>;
export type JobProgress = z.infer<typeof progressSchema>;
export type LogLine = z.infer<typeof logLineSchema>;
export type JobView = z.infer<typeof jobSchema>;
export type Blocker = z.infer<typeof blockerSchema>;
export type PreviewView = z.infer<typeof previewSchema>;

export type { Refusal };
