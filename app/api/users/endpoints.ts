import { z } from 'zod';
import { createUser, findUser, listUsers, resetPassword, updateUser } from '@/lib/auth/users';
import { database } from '@/lib/db/client';
import { signedIn } from '@/lib/kit/caller';
import { endpoint } from '@/lib/kit/endpoint';
import { idParams, newUserSchema, passwordSchema, userChangeSchema, userSchema } from '@/lib/rooms/auth/schema';
import { clientAddress } from '@/lib/run/peer';

/** A password is hashed behind whoever is signing in. */
const hashingMs = 15_000;

export const getUsers = endpoint({
  method: 'GET',
  path: '/api/users',
  summary: 'Accounts with their roles, by e-mail',
  access: 'users:manage',
  answers: { 200: z.object({ items: z.array(userSchema) }) },
  handle: async () => ({ json: { items: await listUsers(database()) } }),
});

export const postUser = endpoint({
  method: 'POST',
  path: '/api/users',
  summary: 'Create an account',
  access: 'users:manage',
  body: newUserSchema,
  answers: { 201: userSchema },
  problems: [429],
  deadlineMs: hashingMs,
  handle: async ({ body, caller, request }) => {
    const { id } = await createUser(body, signedIn(caller), clientAddress(request));
    return { status: 201, json: await findUser(database(), id) };
  },
});

export const patchUser = endpoint({
  method: 'PATCH',
  path: '/api/users/{id}',
  summary: 'Change name or role, disable or enable; from the next request on',
  access: 'users:manage',
  params: idParams,
  body: userChangeSchema,
  answers: { 200: userSchema },
  problems: [404, 409],
  handle: async ({ params, body, caller, request }) => {
    await updateUser(params.id, body, signedIn(caller), clientAddress(request));
    return { json: await findUser(database(), params.id) };
  },
});

export const postPassword = endpoint({
  method: 'POST',
  path: '/api/users/{id}/password',
  summary: 'Set a new password; the account’s sessions end',
  access: 'users:manage',
  params: idParams,
  body: passwordSchema,
  answers: { 204: null },
  problems: [404, 429],
  deadlineMs: hashingMs,
  handle: async ({ params, body, caller, request }) => {
    await resetPassword(params.id, body.password, signedIn(caller), clientAddress(request));
    return { status: 204 };
  },
});

export const userEndpoints = [getUsers, postUser, patchUser, postPassword];
