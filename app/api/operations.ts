import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { readEnv } from '@/lib/env';
import { AppError } from '@/lib/errors';
import { authorize } from '@/lib/kit/caller';
import { endpoint } from '@/lib/kit/endpoint';
import { resolveCaller } from '@/lib/auth/caller';
import { bearerToken } from '@/lib/auth/tokens';
import { isReady } from '@/lib/run/boot';
import { health } from '@/lib/run/health';
import { exposition } from '@/lib/run/metrics';
import { describeTargets } from '@/lib/run/targets';

const check = z.object({ status: z.enum(['healthy', 'unhealthy', 'unknown']), duration: z.number().optional(), details: z.string().optional() });

const healthAnswer = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  timestamp: z.string(),
  checks: z.object({ connectivity: check, connection_pool: check, database_size: check, long_queries: check }),
});

/** Without credentials only the statuses: sizes and figures are for those who signed in. */
export const getHealth = endpoint({
  method: 'GET',
  path: '/api/health',
  summary: 'Health with its checks; details with a session or token',
  access: 'public',
  answers: { 200: healthAnswer, 503: healthAnswer },
  handle: async ({ request }) => {
    const measured = await health();
    const known = await resolveCaller(request.headers).catch(() => null);
    const checks = known ? measured.checks : Object.fromEntries(Object.entries(measured.checks).map(([name, { status }]) => [name, { status }]));
    return { status: measured.status === 'healthy' ? 200 : 503, json: { ...measured, checks } };
  },
});

export const getLive = endpoint({
  method: 'GET',
  path: '/api/health/live',
  summary: 'Whether the process answers',
  access: 'public',
  answers: { 200: z.object({ status: z.literal('live') }) },
  handle: async () => ({ json: { status: 'live' } }),
});

/** What authentication alone costs: a probe that signs in, and the floor that benchmarks compare with. */
export const getPing = endpoint({
  method: 'GET',
  path: '/api/ping',
  summary: 'Whether these credentials work',
  access: 'signed-in',
  answers: { 204: null },
  handle: async () => ({ status: 204 }),
});

const readiness = z.object({ status: z.enum(['ready', 'not ready']) });

export const getReady = endpoint({
  method: 'GET',
  path: '/api/health/ready',
  summary: 'Whether requests can be served: migrations have run and the database answers',
  access: 'public',
  answers: { 200: readiness, 503: readiness },
  handle: async () => {
    const ready = isReady() && (await health()).checks.connectivity.status === 'healthy';
    return ready ? { json: { status: 'ready' } } : { status: 503, json: { status: 'not ready' }, headers: { 'retry-after': '1' } };
  },
});

const digest = (text: string) => createHash('sha256').update(text).digest();

/** METRICS_TOKEN, an API token with metrics:read or an administrator's session; never an address. */
async function admitScraper(request: Request): Promise<void> {
  const { METRICS_TOKEN } = readEnv();
  const sent = /^Bearer (.{1,500})$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (METRICS_TOKEN && sent && timingSafeEqual(digest(sent), digest(METRICS_TOKEN))) return;
  const caller = bearerToken(request.headers) || !sent ? await resolveCaller(request.headers) : null;
  if (!caller) throw new AppError('unauthenticated', 'Send METRICS_TOKEN, or a token with metrics:read, as Authorization: Bearer.');
  authorize(caller, 'metrics:read');
}

export const getMetrics = endpoint({
  method: 'GET',
  path: '/api/metrics',
  summary: 'Metrics in the Prometheus text format',
  // The handler admits METRICS_TOKEN, which is nobody's; everyone else needs metrics:read.
  access: 'own-check',
  answers: { 200: z.string() },
  problems: [401, 403],
  handle: async ({ request }) => {
    await admitScraper(request);
    return exposition();
  },
});

const targetSchema = z.object({
  name: z.string(),
  reachable: z.boolean(),
  version: z.string().nullable(),
  inRecovery: z.boolean().nullable(),
  role: z.string().nullable(),
  superuser: z.boolean().nullable(),
  lacks: z.array(z.object({ what: z.string(), says: z.string(), sql: z.string().nullable() })),
});

export const getTargets = endpoint({
  method: 'GET',
  path: '/api/targets',
  summary: 'Observed databases: version, reachability and what they lack',
  access: 'stats:read',
  answers: { 200: z.object({ items: z.array(targetSchema) }) },
  deadlineMs: 15_000,
  handle: async () => ({ json: { items: await describeTargets() } }),
});

export const operationEndpoints = [getHealth, getLive, getReady, getPing, getMetrics, getTargets];
