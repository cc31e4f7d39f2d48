import { z } from 'zod';
import { signedIn } from '@/lib/kit/caller';
import { endpoint, type Endpoint } from '@/lib/kit/endpoint';
import type { JobView } from '@/lib/kit/job';
import { jobSchema } from '@/lib/kit/job-schema';
import { wholeNumber } from '@/lib/kit/param';
import { cancelJob, findJob, listJobs, type Job } from '@/lib/run/actions/jobs';
import { clientAddress } from '@/lib/run/peer';

const viewOf = (job: Job): JobView => ({
  id: job.id, action: job.action, target: job.target, object: job.about, state: job.state, says: job.says, progress: job.progress, waitedMs: job.waited_ms, plan: job.plan, log: job.log,
  before: job.before, after: job.after, inverse: job.inverse, params: job.params, requestedBy: job.requester, reason: job.reason, createdAt: job.created_at, startedAt: job.started_at, finishedAt: job.finished_at, cancelRequestedAt: job.cancel_requested_at,
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
