import { database } from '@/lib/db/client';
import { endpoint } from '@/lib/kit/endpoint';
import { auditPageSchema, auditQuery } from '@/lib/rooms/auth/schema';
import { listAudit } from '@/lib/rooms/auth/list-audit';

export const getAudit = endpoint({
  method: 'GET',
  path: '/api/audit',
  summary: 'Who did what, the newest first; a page at a time in both directions',
  access: 'audit:read',
  query: auditQuery,
  answers: { 200: auditPageSchema },
  handle: async ({ query }) => ({ json: await listAudit(database(), query) }),
});

export const auditEndpoints = [getAudit];
