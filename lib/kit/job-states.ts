export const jobStates = ['awaiting', 'queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'] as const;
export type JobState = (typeof jobStates)[number];

/** How a job is ended: its statement alone, or its session with it. */
export const endings = ['cancel', 'terminate'] as const;
export type Ending = (typeof endings)[number];
