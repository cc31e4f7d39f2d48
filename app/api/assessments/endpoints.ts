import { z } from 'zod';
import { writeAudit } from '@/lib/db/audit';
import { database, transaction } from '@/lib/db/client';
import { signedIn } from '@/lib/kit/caller';
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

/** What was counted before a write of ours is not shown after it. */
function forget(): void {
  forgetCounts();
  forgetStats();
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
    const who = signedIn(caller);
    const text = await transaction(async (tx) => {
      const [id = ''] = await createAssessments(tx, [body], who.userId, () => '');
      await writeAudit(tx, { caller: who, action: 'assessments.create', object: `assessment:${id}`, outcome: 'success', details: { businessName: body.businessName, riskScore: body.riskScore }, address: clientAddress(request) });
      return findAssessment(tx, id);
    });
    forget();
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
    const who = signedIn(caller);
    const ids = await transaction(async (tx) => {
      const created = await createAssessments(tx, body.items, who.userId, (index) => `items.${index}.`);
      const details = { count: created.length, first: created[0], last: created.at(-1) };
      await writeAudit(tx, { caller: who, action: 'assessments.create_batch', object: 'assessments', outcome: 'success', details, address: clientAddress(request) });
      return created;
    });
    forget();
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
    const who = signedIn(caller);
    const text = await transaction(async (tx) => {
      const changed = await updateAssessment(tx, params.id, body);
      const { version, ...change } = body;
      await writeAudit(tx, { caller: who, action: 'assessments.update', object: `assessment:${params.id}`, outcome: 'success', details: { version, changed: Object.keys(change) }, address: clientAddress(request) });
      return changed;
    });
    forget();
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
    const who = signedIn(caller);
    await transaction(async (tx) => {
      const deleted = await deleteAssessment(tx, params.id, query.version);
      await writeAudit(tx, { caller: who, action: 'assessments.delete', object: `assessment:${params.id}`, outcome: 'success', details: deleted, address: clientAddress(request) });
    });
    forget();
    return { status: 204 };
  },
});

export const assessmentEndpoints = [getAssessments, postAssessment, postBatch, getStats, getAssessment, patchAssessment, deleteAssessmentById];
