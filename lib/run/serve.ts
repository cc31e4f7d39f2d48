import 'server-only';
import { z } from 'zod';
import { resolveCaller } from '@/lib/auth/caller';
import { database } from '@/lib/db/client';
import { writeAudit } from '@/lib/db/audit';
import { inRoute } from '@/lib/db/route';
import { readEnv } from '@/lib/env';
import { AppError } from '@/lib/errors';
import { authorize, type Caller } from '@/lib/kit/caller';
import { methods, type Endpoint } from '@/lib/kit/endpoint';
import { parse, readJson, readQuery } from './body';
import { respond, respondError } from './http';
import { requireSameOrigin } from './origin';
import { clientAddress } from './peer';

type RouteContext = { params: Promise<Record<string, string | string[] | undefined>> };
export type Handler = (request: Request, context: RouteContext) => Promise<Response>;

/** Next would answer OPTIONS by itself, with every method that a route file exports; HEAD is GET without its body. */
const answered = [...methods, 'OPTIONS'] as const;
export type Handlers = Record<(typeof answered)[number], Handler>;

/**
 * The handlers of one route file, from its endpoints. Checks in the contract's order: method, origin, caller,
 * permission, body, schema; then the endpoint's own work under a deadline.
 */
export function mount(...endpoints: Endpoint[]): Handlers {
  const allow = endpoints.map((endpoint) => endpoint.method).join(', ');
  return handlersOf((method) => {
    const endpoint = endpoints.find((candidate) => candidate.method === method);
    return endpoint ? (request, context) => serve(endpoint, request, context) : async () => refuseMethod(allow);
  });
}

const handlersOf = (of: (method: keyof Handlers) => Handler): Handlers => Object.fromEntries(answered.map((method) => [method, of(method)])) as Handlers;

function refuseMethod(allow: string): Response {
  const response = respondError(new AppError('method_not_allowed', `Possible here: ${allow}.`), 'method');
  response.headers.set('allow', allow);
  return response;
}

async function serve(endpoint: Endpoint, request: Request, context: RouteContext): Promise<Response> {
  try {
    return await inRoute(endpoint.method, endpoint.path, () => answer(endpoint, request, context));
  } catch (error) {
    return respondError(error, `${endpoint.method} ${endpoint.path}`);
  }
}

async function answer(endpoint: Endpoint, request: Request, context: RouteContext): Promise<Response> {
  // Ours is the time that the work takes; how long a body may take to arrive is for readJson, and the client's own doing.
  const inTime = <T>(work: Promise<T>) => withDeadline(work, endpoint.deadlineMs ?? readEnv().REQUEST_TIMEOUT);
  if (endpoint.method !== 'GET') requireSameOrigin(request);
  const caller = needsNobody(endpoint) ? null : await inTime(resolveCaller(request.headers));
  try {
    authorize(caller, endpoint.access);
    const body = endpoint.body ? parse(endpoint.body, await readJson(request, endpoint.maxBytes)) : undefined;
    const query = parse(endpoint.query ?? unasked(endpoint), readQuery(new URL(request.url).searchParams));
    const params = endpoint.params ? parse(endpoint.params, await context.params) : undefined;
    return respond(await inTime(endpoint.handle({ caller, params, query, body, request } as Parameters<Endpoint['handle']>[0])));
  } catch (error) {
    if (caller && error instanceof AppError && error.code === 'forbidden') await recordRefusal(endpoint, caller, request);
    throw error;
  }
}

const noQuery = z.strictObject({}).transform(() => undefined);
const anyQuery = z.unknown().transform(() => undefined);

/** A field that nobody reads is refused as any unknown one; a probe may add what it likes to a public address. */
const unasked = (endpoint: Endpoint) => (needsNobody(endpoint) ? anyQuery : noQuery);

/** Public answers must come without the database: whoever needs to know the caller there asks for it. */
const needsNobody = (endpoint: Endpoint) => endpoint.access === 'public' || endpoint.access === 'own-check';

/** A refused write is on record, whether the route refused it or its own work; a refused read and a missing sign-in are not. */
async function recordRefusal(endpoint: Endpoint, caller: Caller, request: Request): Promise<void> {
  if (endpoint.method === 'GET') return;
  const details = { method: endpoint.method, needs: endpoint.access };
  await writeAudit(database(), { caller, action: 'access.refused', object: new URL(request.url).pathname.slice(0, 300), outcome: 'refused', details, address: clientAddress(request) });
}

async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError('deadline_exceeded', `No answer within ${ms / 1000} s. A write may still have happened: look before repeating it.`, { retryAfter: 5 })), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

const refusePath: Handler = async () => respondError(new AppError('not_found', 'There is nothing at this path.'), 'unknown path');

/** Handlers that answer 404 to every method. */
export const notFoundRoute = (): Handlers => handlersOf(() => refusePath);
