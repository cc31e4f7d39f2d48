import { z } from 'zod';
import { resolveCaller } from '@/lib/auth/caller';
import { countAttempt, forgiveAttempts } from '@/lib/auth/sign-in-limit';
import { writeAudit } from '@/lib/db/audit';
import { database } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import { endpoint } from '@/lib/kit/endpoint';
import { storableText } from '@/lib/kit/param';
import { signedIn, type Caller } from '@/lib/kit/caller';
import { passwordChangeSchema } from '@/lib/rooms/auth/schema';
import { clientAddress } from '@/lib/run/peer';
import { passOn } from './pass-on';

const session = z.object({ session: z.record(z.string(), z.unknown()), user: z.record(z.string(), z.unknown()) }).nullable();
const email = z.email('must be an e-mail address').max(320);

/** These work on the cookie's session, and a request with a token beside a cookie would act as two people. @throws AppError conflict */
function bySession(caller: Caller | null): Caller & { via: { kind: 'session' } } {
  const { via, ...who } = signedIn(caller);
  if (via.kind !== 'session') throw new AppError('conflict', 'A token has no session: this is for a person who signed in.');
  return { ...who, via };
}

export const signIn = endpoint({
  method: 'POST',
  path: '/api/auth/sign-in/email',
  summary: 'Sign in with e-mail and password',
  access: 'public',
  body: z.strictObject({ email, password: storableText(1000), rememberMe: z.boolean().optional() }),
  answers: { 200: z.record(z.string(), z.unknown()) },
  problems: [401, 403, 429],
  deadlineMs: 15_000,
  handle: async ({ body, request }) => {
    const account = body.email.toLowerCase();
    const address = clientAddress(request);
    await countAttempt(account, address);
    const { email: sent, password, rememberMe } = body;
    const response = await passOn(request, 'sign-in/email', { email: sent, password, ...(rememberMe === undefined ? {} : { rememberMe }) });
    const success = response.status === 200;
    if (success) await forgiveAttempts(account);
    await writeAudit(database(), { caller: null, actor: account, action: 'auth.sign_in', object: 'session', outcome: success ? 'success' : 'refused', details: { status: response.status }, address });
    return response;
  },
});

export const signOut = endpoint({
  method: 'POST',
  path: '/api/auth/sign-out',
  summary: 'End the session of this browser',
  access: 'signed-in',
  answers: { 200: z.record(z.string(), z.unknown()) },
  problems: [409],
  handle: async ({ caller, request }) => {
    const who = bySession(caller);
    await writeAudit(database(), { caller: who, action: 'auth.sign_out', object: `session:${who.via.sessionId}`, outcome: 'success', address: clientAddress(request) });
    return passOn(request, 'sign-out', {});
  },
});

export const getSession = endpoint({
  method: 'GET',
  path: '/api/auth/get-session',
  summary: 'The session of this browser, or null',
  access: 'public',
  answers: { 200: session },
  problems: [401],
  handle: async ({ request }) => ((await resolveCaller(request.headers))?.via.kind === 'session' ? passOn(request, 'get-session') : { json: null }),
});

export const changePassword = endpoint({
  method: 'POST',
  path: '/api/auth/change-password',
  summary: 'Change one’s own password; other sessions can be ended with it',
  access: 'signed-in',
  body: passwordChangeSchema,
  answers: { 200: z.record(z.string(), z.unknown()) },
  problems: [400, 401, 409, 429],
  deadlineMs: 15_000,
  handle: async ({ body, caller, request }) => {
    const who = bySession(caller);
    await countAttempt(`password:${who.userId}`, clientAddress(request));
    const { currentPassword, newPassword, revokeOtherSessions } = body;
    const response = await passOn(request, 'change-password', { currentPassword, newPassword, ...(revokeOtherSessions === undefined ? {} : { revokeOtherSessions }) });
    const success = response.status === 200;
    if (success) await forgiveAttempts(`password:${who.userId}`);
    await writeAudit(database(), { caller: who, action: 'auth.change_password', object: `user:${who.userId}`, outcome: success ? 'success' : 'refused', address: clientAddress(request) });
    return response;
  },
});

export const listOwnSessions = endpoint({
  method: 'GET',
  path: '/api/auth/list-sessions',
  summary: 'One’s own sessions, as the auth library lists them',
  access: 'signed-in',
  answers: { 200: z.array(z.record(z.string(), z.unknown())) },
  problems: [409],
  handle: async ({ caller, request }) => {
    bySession(caller);
    return passOn(request, 'list-sessions');
  },
});

export const authEndpoints = [signIn, signOut, getSession, changePassword, listOwnSessions];
