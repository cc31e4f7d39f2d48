import { z } from 'zod';
import { lockModes, risks } from './action';
import { jobStates } from './job-states';

// The shapes of jobs, previews and actions in the API. lib/kit/job.ts has their types, for a browser that needs no zod.

export const remedySchema = z.union([z.object({ action: z.string(), params: z.record(z.string(), z.unknown()) }), z.object({ sql: z.string() })]).nullable();

export const planStepSchema = z.object({ sql: z.string(), note: z.string(), lock: z.enum(lockModes).nullable(), waits: z.enum(['bounded', 'patient']), otherwise: z.string().optional(), batches: z.boolean().describe('It runs again and again until there is nothing left to do') });

export const blockerSchema = z.object({ pid: z.number().nullable().describe('Null of a prepared transaction, which `gid` names'), gid: z.string().nullable(), role: z.string().nullable(), state: z.string().nullable(), open_ms: z.number().nullable(), holds: z.string(), query: z.string().nullable() });

export const previewSchema = z.object({
  object: z.object({ name: z.string(), bytes: z.number().nullable() }),
  plan: z.array(planStepSchema),
  risk: z.enum(risks),
  blocks: z.string(),
  estimate: z.object({ disk_bytes: z.number().nullable().describe('Needed besides, at most'), free_bytes: z.number().nullable().describe('Free where it goes; null where that is not known, since PostgreSQL cannot say') }),
  blockers: z.array(blockerSchema),
  snapshots: z.array(blockerSchema),
  users: z.number(),
  rehearsed: z.string().nullable().describe('What trying it beforehand has told; null of an action that is not rehearsed'),
  inverse: remedySchema,
  seal: z.string(),
  expiresAt: z.string(),
});

export const progressSchema = z.object({
  step: z.number(), phase: z.string().nullable(), fraction: z.number().nullable(), waiting: z.number(), waited_ms: z.number(), moved: z.number().nullable(), expected: z.number().nullable(),
  held_ms: z.number().describe('The longest that it asked for and held a lock that others wait for, more than which nobody can have waited'),
});
export const logLineSchema = z.object({ at: z.string(), says: z.string() });
const figures = z.record(z.string(), z.union([z.number(), z.string()]).nullable());

export const jobSchema = z.object({
  id: z.string(), action: z.string(), target: z.string(), object: z.string(), state: z.enum(jobStates), says: z.string().nullable(),
  resumable: z.boolean().describe('It ended before its end, what is done stays done, and starting it again goes on'),
  progress: progressSchema.nullable(),
  waitedMs: z.number().describe('The longest that another session has waited for this one, as seen twice a second and right before each commit that let go of a strong lock'),
  plan: z.array(planStepSchema),
  log: z.array(logLineSchema),
  before: figures.nullable(), after: figures.nullable(), inverse: remedySchema, params: z.record(z.string(), z.unknown()),
  later: z.array(z.object({ after: z.enum(['hour', 'day']), at: z.string(), figures: figures.nullable() })).describe('The same figures taken again: whether it paid off'),
  waits: z.string().nullable().describe('What an open job waits for, where it is not its turn'),
  group: z.string().nullable().describe('Jobs of one group run one at a time on a target'), schedule: z.string().nullable(),
  mayApprove: z.boolean().describe('Whether you are the other person that it waits for'), approvedBy: z.string().nullable(), approvedAt: z.string().nullable(),
  requestedBy: z.string(), reason: z.string().nullable(), createdAt: z.string(), startedAt: z.string().nullable(), finishedAt: z.string().nullable(), cancelRequestedAt: z.string().nullable(), terminateRequestedAt: z.string().nullable(),
});
