import { z } from 'zod';
import { listSessions, revokeSession } from '@/lib/auth/sessions';
import { database } from '@/lib/db/client';
import { signedIn } from '@/lib/kit/caller';
import { endpoint } from '@/lib/kit/endpoint';
import { idParams, ofUserQuery, sessionSchema } from '@/lib/rooms/auth/schema';
import { clientAddress } from '@/lib/run/peer';

export const getSessions = endpoint({
  method: 'GET',
  path: '/api/sessions',
  summary: 'Open sessions: one’s own, or with users:manage those of userId',
  access: 'own',
  query: ofUserQuery,
  answers: { 200: z.object({ items: z.array(sessionSchema) }) },
  handle: async ({ query, caller }) => {
    const who = signedIn(caller);
    return { json: { items: await listSessions(database(), query.userId ?? who.userId, who) } };
  },
});

export const deleteSession = endpoint({
  method: 'DELETE',
  path: '/api/sessions/{id}',
  summary: 'End a session: one’s own, or with users:manage anyone’s',
  access: 'own',
  params: idParams,
  answers: { 204: null },
  problems: [404],
  handle: async ({ params, caller, request }) => {
    await revokeSession(params.id, signedIn(caller), clientAddress(request));
    return { status: 204 };
  },
});

export const sessionEndpoints = [getSessions, deleteSession];
