import { z } from 'zod';
import { writeAudit } from '@/lib/db/audit';
import { database, transaction, type Database } from '@/lib/db/client';
import { signedIn, type Caller } from '@/lib/kit/caller';
import { endpoint } from '@/lib/kit/endpoint';
import { forgetCounts } from '@/lib/rooms/assessments/count';
import { createAssessments } from '@/lib/rooms/assessments/create';
import { findAssessment } from '@/lib/rooms/assessments/find';
import { listAssessments } from '@/lib/rooms/assessments/list';
import { assessmentChangeSchema, assessmentSchema, batchSchema, deleteQuery, filterQuery, idParams, listQuery, listSchema, newAssessmentSchema, statsSchema } from '@/lib/rooms/assessments/schema';
import { forgetStats, statsOf } from '@/lib/rooms/assessments/stats';
import { deleteAssessment, updateAssessment } from '@/lib/rooms/assessments/update';
import { clientAddress } from '@/lib/run/peer';

const batchBytes = 10 * 1024 * 1024;

type Written<T> = { result: T; action: string; object: string; details: Record<string, unknown> };

/** A write with its audit row, both or neither; what was counted before it is not shown after it. */
async function write<T>(caller: Caller | null, request: Request, work: (tx: Database, who: Caller) => Promise<Written<T>>): Promise<T> {
  const who = signedIn(caller);
  const written = await transaction(async (tx) => {
    const { result, ...entry } = await work(tx, who);
    await writeAudit(tx, { caller: who, outcome: 'success', address: clientAddress(request), ...entry });
    return result;
  });
  forgetCounts();
  forgetStats();
  return written;
}

export const getAssessments = endpoint({
  method: 'GET',
  path: '/api/assessments',
  summary: 'A page of assessments without their children, in either direction from a cursor',
  access: 'assessments:read',
  query: listQuery,
  answers: { 200: listSchema },
  handle: async ({ query }) => ({ text: await listAssessments(database(), query) }),
});

export const postAssessment = endpoint({
  method: 'POST',
  path: '/api/assessments',
  summary: 'Create an assessment with its children',
  access: 'assessments:write',
  body: newAssessmentSchema,
  answers: { 201: assessmentSchema },
  handle: async ({ body, caller, request }) => {
    const text = await write(caller, request, async (tx, who) => {
      const [id = ''] = await createAssessments(tx, [body], who.userId, () => '');
      return { result: await findAssessment(tx, id), action: 'assessments.create', object: `assessment:${id}`, details: { businessName: body.businessName, riskScore: body.riskScore } };
    });
    return { status: 201, text };
  },
});

export const postBatch = endpoint({
  method: 'POST',
  path: '/api/assessments/batch',
  summary: 'Create up to 5,000 assessments, all of them or none',
  access: 'assessments:write',
  body: batchSchema,
  maxBytes: batchBytes,
  deadlineMs: 30_000,
  answers: { 201: z.object({ ids: z.array(z.guid()).describe('In the order of the items') }) },
  handle: async ({ body, caller, request }) => {
    const ids = await write(caller, request, async (tx, who) => {
      const created = await createAssessments(tx, body.items, who.userId, (index) => `items.${index}.`);
      return { result: created, action: 'assessments.create_batch', object: 'assessments', details: { count: created.length, first: created[0], last: created.at(-1) } };
    });
    return { status: 201, json: { ids } };
  },
});

export const getStats = endpoint({
  method: 'GET',
  path: '/api/assessments/stats',
  summary: 'How the assessments that match are distributed over levels, months, scores, industries and countries',
  access: 'assessments:read',
  query: filterQuery,
  answers: { 200: statsSchema },
  deadlineMs: 15_000,
  handle: async ({ query }) => ({ json: await statsOf(database(), query) }),
});

export const getAssessment = endpoint({
  method: 'GET',
  path: '/api/assessments/{id}',
  summary: 'An assessment with its factors, predictions and compliance checks',
  access: 'assessments:read',
  params: idParams,
  answers: { 200: assessmentSchema },
  problems: [404],
  handle: async ({ params }) => ({ text: await findAssessment(database(), params.id) }),
});

export const patchAssessment = endpoint({
  method: 'PATCH',
  path: '/api/assessments/{id}',
  summary: 'Change fields, replace child lists; a version that is no longer the newest is 409 with the current one',
  access: 'assessments:write',
  params: idParams,
  body: assessmentChangeSchema,
  answers: { 200: assessmentSchema },
  problems: [404, 409],
  handle: async ({ params, body, caller, request }) => {
    const { version, ...change } = body;
    const text = await write(caller, request, async (tx) => {
      const result = await updateAssessment(tx, params.id, body);
      return { result, action: 'assessments.update', object: `assessment:${params.id}`, details: { version, changed: Object.keys(change) } };
    });
    return { text };
  },
});

export const deleteAssessmentById = endpoint({
  method: 'DELETE',
  path: '/api/assessments/{id}',
  summary: 'Delete an assessment with its children, if it still has that version',
  access: 'assessments:write',
  params: idParams,
  query: deleteQuery,
  answers: { 204: null },
  problems: [404, 409],
  handle: async ({ params, query, caller, request }) => {
    await write(caller, request, async (tx) => {
      const details = await deleteAssessment(tx, params.id, query.version);
      return { result: null, action: 'assessments.delete', object: `assessment:${params.id}`, details };
    });
    return { status: 204 };
  },
});

export const assessmentEndpoints = [getAssessments, postAssessment, postBatch, getStats, getAssessment, patchAssessment, deleteAssessmentById];
