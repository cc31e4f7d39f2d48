import { z } from 'zod';
import { signedIn } from '@/lib/kit/caller';
import { endpoint } from '@/lib/kit/endpoint';
import { moment, storableText } from '@/lib/kit/param';
import { collectFindings, findFinding } from '@/lib/run/collect-findings';
import { findingSchema, reasonSchema, wantsFresh } from '@/lib/run/diagnostic-endpoint';
import { decide, takeBack } from '@/lib/run/finding-decisions';
import { requireTarget } from '@/lib/run/monitor';
import { clientAddress } from '@/lib/run/peer';

const collectingMs = 15_000;

const targetQuery = z.strictObject({ target: z.string().default('main') });

const decisionSchema = z.object({ kind: z.enum(['snoozed', 'accepted']), until: z.string().nullable(), reason: z.string(), by: z.string(), at: z.string() });
const itemSchema = findingSchema.extend({ id: z.string(), diagnostic: z.string() });

export const getFindings = endpoint({
  method: 'GET',
  path: '/api/findings',
  summary: 'Findings of every room that the caller may read, the worst first; beside them those that somebody has accepted or snoozed',
  access: 'signed-in',
  query: targetQuery,
  answers: {
    200: z.object({
      items: z.array(itemSchema),
      decided: z.array(itemSchema.extend({ decision: decisionSchema })),
      more: z.boolean(),
      unmeasured: z.array(z.object({ diagnostic: z.string(), reason: reasonSchema })),
    }),
  },
  problems: [404],
  deadlineMs: collectingMs,
  handle: async ({ caller, query, request }) => ({ json: await collectFindings(signedIn(caller), requireTarget(query.target), wantsFresh(request)) }),
});

const findingParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/, 'must be the id of a finding') });

const newDecision = z
  .strictObject({
    target: z.string().default('main'),
    kind: z.enum(['snoozed', 'accepted']),
    until: moment.optional(),
    reason: storableText(500).refine((text) => text.trim() !== '', 'must say why'),
  })
  .refine(({ kind, until }) => (kind === 'snoozed') === (until !== undefined), { path: ['until'], message: 'belongs to a snooze, and only to a snooze' })
  .refine(({ until }) => until === undefined || Date.parse(until) > Date.now(), { path: ['until'], message: 'must lie in the future' });

export const putDecision = endpoint({
  method: 'PUT',
  path: '/api/findings/{id}/decision',
  summary: 'Accept a finding, or snooze it until a time; one that becomes worse comes back',
  access: 'maintenance:run',
  params: findingParams,
  body: newDecision,
  answers: { 204: null },
  problems: [404],
  deadlineMs: collectingMs,
  handle: async ({ params, body, caller, request }) => {
    const who = signedIn(caller);
    const found = await findFinding(who, requireTarget(body.target), params.id);
    await decide(body.target, found, body, who, clientAddress(request));
    return { status: 204 };
  },
});

export const deleteDecision = endpoint({
  method: 'DELETE',
  path: '/api/findings/{id}/decision',
  summary: 'Take back what was decided about a finding',
  access: 'maintenance:run',
  params: findingParams,
  query: targetQuery,
  answers: { 204: null },
  problems: [404],
  handle: async ({ params, query, caller, request }) => {
    await takeBack(requireTarget(query.target), params.id, signedIn(caller), clientAddress(request));
    return { status: 204 };
  },
});

export const findingEndpoints = [getFindings, putDecision, deleteDecision];
