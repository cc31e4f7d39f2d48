import 'server-only';
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { Endpoint } from '@/lib/kit/endpoint';

type Json = Record<string, unknown>;

/** The problems that every endpoint of a kind can answer, beside those it names itself. */
function problemsOf(endpoint: Endpoint): number[] {
  const statuses = [500, 503, ...(endpoint.problems ?? [])];
  if (endpoint.access !== 'public') statuses.push(401);
  if (endpoint.access !== 'public' && endpoint.access !== 'signed-in') statuses.push(403);
  if (endpoint.method !== 'GET') statuses.push(403);
  if (endpoint.body) statuses.push(400, 408, 413, 415, 422);
  if (endpoint.query || endpoint.params || endpoint.access !== 'public') statuses.push(422);
  return [...new Set(statuses)].filter((status) => !(status in endpoint.answers)).toSorted();
}

/** A zod schema as JSON Schema; a transformation shows what is sent (`input`) or answered (`output`). */
const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return rest;
};

function parameters(schema: z.ZodType | undefined, where: 'query' | 'path'): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, of]) => ({ name, in: where, required: where === 'path' || required.includes(name), schema: of }));
}

function responses(endpoint: Endpoint): Json {
  const described: Json = {};
  for (const [status, schema] of Object.entries(endpoint.answers)) {
    described[status] = { description: STATUS_CODES[status] ?? status, ...(schema ? { content: { 'application/json': { schema: jsonSchema(schema, 'output') } } } : {}) };
  }
  for (const status of problemsOf(endpoint)) {
    described[status] = { description: STATUS_CODES[status] ?? String(status), content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
  }
  return described;
}

function operation(endpoint: Endpoint): Json {
  const open = endpoint.access === 'public';
  return {
    summary: endpoint.summary,
    operationId: `${endpoint.method.toLowerCase()}${endpoint.path.replace(/^\/api/, '').replace(/[^a-zA-Z0-9]+(\w?)/g, (_, char: string) => char.toUpperCase())}`,
    'x-permission': endpoint.access,
    security: open ? [] : [{ session: [] }, { token: [] }],
    parameters: [...parameters(endpoint.params, 'path'), ...parameters(endpoint.query, 'query')],
    ...(endpoint.body ? { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(endpoint.body, 'input') } } } } : {}),
    responses: responses(endpoint),
  };
}

const problem: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string' }, code: { type: 'string' },
    errors: { type: 'array', items: { type: 'object', properties: { path: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } } } },
  },
};

/** The OpenAPI 3.1 document of these endpoints, from the very schemas that check requests. */
export function openApi(endpoints: Endpoint[]): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method.toLowerCase()]: operation(endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Riskdesk', version: '1' },
    paths,
    components: {
      schemas: { Problem: problem },
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'riskdesk.session_token' }, token: { type: 'http', scheme: 'bearer' } },
    },
  };
}
