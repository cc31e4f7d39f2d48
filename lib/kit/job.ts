import type { LockMode, Refusal, Risk } from './action';
import type { Remedy } from './finding';

/** Jobs, previews and actions as the browser gets them: the shapes of the API. */
export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'] as const;
export type JobState = (typeof jobStates)[number];
export const isOpen = (state: JobState): boolean => state === 'queued' || state === 'running';

export type PlanStep = { sql: string; note: string; lock: LockMode | null; waits: 'bounded' | 'patient'; otherwise?: string | undefined };
export type JobProgress = { step: number; phase: string | null; fraction: number | null; waiting: number; waited_ms: number };
export type JobFigures = Record<string, number | null>;

export type JobView = {
  id: string; action: string; target: string; object: string; state: JobState; says: string | null; progress: JobProgress | null; waitedMs: number; plan: PlanStep[]; log: { at: string; says: string }[];
  before: JobFigures | null; after: JobFigures | null; inverse: Remedy | null; params: Record<string, unknown>;
  requestedBy: string; reason: string | null; createdAt: string; startedAt: string | null; finishedAt: string | null; cancelRequestedAt: string | null;
};

export type Blocker = { pid: number; role: string | null; state: string | null; open_ms: number | null; holds: string; query: string | null };

export type PreviewView = {
  object: { name: string; bytes: number | null }; plan: PlanStep[]; risk: Risk; blocks: string; estimate: { disk_bytes: number | null };
  blockers: Blocker[]; snapshots: Blocker[]; users: number; inverse: Remedy | null; seal: string; expiresAt: string;
};

export type { Refusal };
