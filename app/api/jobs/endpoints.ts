import { z } from 'zod';
import { signedIn } from '@/lib/kit/caller';
import { endpoint, type Endpoint } from '@/lib/kit/endpoint';
import { jobSchema } from '@/lib/kit/job-schema';
import { endings } from '@/lib/kit/job-states';
import { storableText, wholeNumber } from '@/lib/kit/param';
import { approveJob } from '@/lib/run/actions/approve';
import { jobView } from '@/lib/run/actions/job-view';
import { cancelJob, findJob, listJobs } from '@/lib/run/actions/jobs';
import { kickRunner } from '@/lib/run/actions/runner';
import { clientAddress } from '@/lib/run/peer';

const byId = z.strictObject({ id: z.guid() });
const jobId = z.object({ jobId: z.string() });

export const getJobs = endpoint({
  method: 'GET', path: '/api/jobs', summary: 'Jobs, those that are open first', access: 'stats:read',
  query: z.strictObject({ limit: z.string().default('50').pipe(wholeNumber(1, 200)), state: z.enum(['any', 'open', 'ended']).default('any') }),
  answers: { 200: z.object({ items: z.array(jobSchema) }) },
  handle: async ({ caller, query }) => {
    const who = signedIn(caller);
    return { json: { items: (await listJobs(query.limit, query.state)).map((job) => jobView(job, who)) } };
  },
});

export const getJob = endpoint({
  method: 'GET', path: '/api/jobs/{id}', summary: 'One job with its plan, progress and log', access: 'stats:read', params: byId,
  answers: { 200: jobSchema }, problems: [404],
  handle: async ({ caller, params }) => ({ json: jobView(await findJob(params.id), signedIn(caller)) }),
});

export const deleteJob = endpoint({
  method: 'DELETE', path: '/api/jobs/{id}', summary: 'Cancels a job; where that does not help, ends its session', access: 'maintenance:run', params: byId,
  query: z.strictObject({ how: z.enum(endings).default('cancel').describe('`terminate` after `cancel` alone') }),
  answers: { 202: jobId }, problems: [404, 409],
  handle: async ({ caller, params, query, request }) => {
    await cancelJob(params.id, query.how, signedIn(caller), clientAddress(request));
    return { status: 202, json: { jobId: params.id } };
  },
});

export const postApproval = endpoint({
  method: 'POST', path: '/api/jobs/{id}/approval', summary: 'Approves a job that somebody else has asked for, if all is still as it was shown', access: 'maintenance:run', params: byId,
  body: z.strictObject({ reason: storableText(500).optional() }),
  answers: { 202: jobId }, problems: [404, 409], deadlineMs: 15_000,
  handle: async ({ caller, params, body, request }) => {
    await approveJob(params.id, signedIn(caller), body.reason?.trim() || null, clientAddress(request));
    kickRunner();
    return { status: 202, json: { jobId: params.id } };
  },
});

export const jobEndpoints: Endpoint[] = [getJobs, getJob, deleteJob, postApproval];
