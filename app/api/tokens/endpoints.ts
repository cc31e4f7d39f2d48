import { z } from 'zod';
import { createToken, listTokens, revokeToken } from '@/lib/auth/api-tokens';
import { database } from '@/lib/db/client';
import { signedIn } from '@/lib/kit/caller';
import { endpoint } from '@/lib/kit/endpoint';
import { idParams, madeTokenSchema, newTokenSchema, ofUserQuery, tokenSchema } from '@/lib/rooms/auth/schema';
import { clientAddress } from '@/lib/run/peer';

export const getTokens = endpoint({
  method: 'GET',
  path: '/api/tokens',
  summary: 'API tokens without their text: one’s own, or with users:manage those of userId',
  access: 'own',
  query: ofUserQuery,
  answers: { 200: z.object({ items: z.array(tokenSchema) }) },
  handle: async ({ query, caller }) => {
    const who = signedIn(caller);
    return { json: { items: await listTokens(database(), query.userId ?? who.userId, who) } };
  },
});

export const postToken = endpoint({
  method: 'POST',
  path: '/api/tokens',
  summary: 'Make an API token of one’s own; the answer alone holds its text',
  access: 'own',
  body: newTokenSchema,
  answers: { 201: madeTokenSchema },
  problems: [409],
  handle: async ({ body, caller, request }) => ({ status: 201, json: await createToken(body, signedIn(caller), clientAddress(request)) }),
});

export const deleteToken = endpoint({
  method: 'DELETE',
  path: '/api/tokens/{id}',
  summary: 'Revoke an API token: one’s own, or with users:manage anyone’s',
  access: 'own',
  params: idParams,
  answers: { 204: null },
  problems: [404],
  handle: async ({ params, caller, request }) => {
    await revokeToken(params.id, signedIn(caller), clientAddress(request));
    return { status: 204 };
  },
});

export const tokenEndpoints = [getTokens, postToken, deleteToken];
