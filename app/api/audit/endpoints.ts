import { z } from 'zod';
import { database } from '@/lib/db/client';
import { endpoint } from '@/lib/kit/endpoint';
import { wholeNumber } from '@/lib/kit/param';
import { auditPageSchema, auditQuery } from '@/lib/rooms/auth/schema';
import { listAudit } from '@/lib/rooms/auth/list-audit';
import { verificationSchema } from '@/lib/rooms/maintenance/verification';
import { verifyAudit } from '@/lib/run/audit/verify';

export const getAudit = endpoint({
  method: 'GET',
  path: '/api/audit',
  summary: 'Who did what, the newest first; a page at a time in both directions',
  access: 'audit:read',
  query: auditQuery,
  answers: { 200: auditPageSchema },
  handle: async ({ query }) => ({ json: await listAudit(database(), query) }),
});

export const getVerification = endpoint({
  method: 'GET',
  path: '/api/audit/verification',
  summary: 'Whether the audit log is as it was written, and the first entry that is not; in slices, each saying where to go on',
  access: 'audit:read',
  query: z.strictObject({ from: z.string().default('1').pipe(wholeNumber(1, Number.MAX_SAFE_INTEGER)) }),
  answers: { 200: verificationSchema },
  deadlineMs: 15_000,
  handle: async ({ query }) => ({ json: await verifyAudit(database(), query.from) }),
});

export const auditEndpoints = [getAudit, getVerification];
