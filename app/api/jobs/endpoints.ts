import { z } from 'zod';
import { signedIn } from '@/lib/kit/caller';
import { endpoint, type Endpoint } from '@/lib/kit/endpoint';
import { wholeNumber } from '@/lib/kit/param';
import { remedySchema } from '@/lib/run/actions/action-endpoint';
import { cancelJob, findJob, jobStates, listJobs, type Job } from '@/lib/run/actions/jobs';
import { clientAddress } from '@/lib/run/peer';

const figures = z.record(z.string(), z.number().nullable()).nullable();

const jobSchema = z.object({
  id: z.string(), action: z.string(), target: z.string(), object: z.string(), state: z.enum(jobStates), says: z.string().nullable(),
  progress: z.object({ step: z.number(), phase: z.string().nullable(), fraction: z.number().nullable(), waiting: z.number(), waited_ms: z.number() }).nullable(),
  /** The longest that another session has waited for this one, as seen twice a second. */
  waitedMs: z.number(),
  plan: z.array(z.object({ sql: z.string(), note: z.string(), lock: z.string().nullable(), waits: z.string(), otherwise: z.string().optional() })),
  log: z.array(z.object({ at: z.string(), says: z.string() })),
  before: figures, after: figures, inverse: remedySchema, params: z.record(z.string(), z.unknown()),
  requestedBy: z.string(), reason: z.string().nullable(), createdAt: z.string(), startedAt: z.string().nullable(), finishedAt: z.string().nullable(), cancelRequestedAt: z.string().nullable(),
});

const viewOf = (job: Job): z.input<typeof jobSchema> => ({
  id: job.id, action: job.action, target: job.target, object: job.about, state: job.state, says: job.says, progress: job.progress, waitedMs: job.waited_ms, plan: job.plan, log: job.log,
  before: job.before, after: job.after, inverse: job.inverse as never, params: job.params, requestedBy: job.requester, reason: job.reason, createdAt: job.created_at, startedAt: job.started_at, finishedAt: job.finished_at, cancelRequestedAt: job.cancel_requested_at,
});

const byId = z.strictObject({ id: z.guid() });

export const getJobs = endpoint({
  method: 'GET', path: '/api/jobs', summary: 'Jobs, those that are open first', access: 'stats:read',
  query: z.strictObject({ limit: z.string().default('50').pipe(wholeNumber(1, 200)) }),
  answers: { 200: z.object({ items: z.array(jobSchema) }) },
  handle: async ({ query }) => ({ json: { items: (await listJobs(query.limit)).map(viewOf) } }),
});

export const getJob = endpoint({
  method: 'GET', path: '/api/jobs/{id}', summary: 'One job with its plan, progress and log', access: 'stats:read', params: byId,
  answers: { 200: jobSchema }, problems: [404],
  handle: async ({ params }) => ({ json: viewOf(await findJob(params.id)) }),
});

export const deleteJob = endpoint({
  method: 'DELETE', path: '/api/jobs/{id}', summary: 'Cancels a job', access: 'maintenance:run', params: byId,
  answers: { 202: z.object({ jobId: z.string() }) }, problems: [404, 409],
  handle: async ({ caller, params, request }) => {
    await cancelJob(params.id, signedIn(caller), clientAddress(request));
    return { status: 202, json: { jobId: params.id } };
  },
});

export const jobEndpoints: Endpoint[] = [getJobs, getJob, deleteJob];
