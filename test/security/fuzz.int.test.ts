import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { endpoints } from '@/app/api/endpoints';
import { call, type Sent } from '@/test/call';
import { useDatabase } from '@/test/database';
import { rounds, seed } from '@/test/faults';
import { addSession, addToken, addUser, usePeople } from '@/test/people';
import { aroundSchema, schema } from './arbitrary';
import { exampleOf, examples, exampleTarget } from './examples';

const db = await useDatabase();
exampleTarget(db);
const people = await usePeople(db);
const { admin } = people;
const known = examples(db, people, { cookie: admin.cookie });

const operation = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.enum(['path', 'query']), required: z.boolean(), schema })),
  requestBody: z.object({ content: z.object({ 'application/json': z.object({ schema }) }) }).optional(),
  responses: z.record(z.string(), z.unknown()),
});
const published = z.object({ paths: z.record(z.string(), z.record(z.string(), operation)) });

const { paths } = published.parse((await call('GET', '/api/openapi.json', { cookie: admin.cookie })).body);
const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, of]) => ({ method: method.toUpperCase(), path, of, route: `${method.toUpperCase()} ${path}` })));

/** Where a hash is made for what is accepted, which takes its time. */
const hashing = /password|sign-in|^POST \/api\/users$/;
const runs = (route: string) => (hashing.test(route) ? rounds : rounds * 4);

type Input = { id: unknown; query: Record<string, unknown>; body: unknown };

/** Things that are there, so that not everything is 404: a victim's own, for a random change must not end the one who asks. */
async function plant(): Promise<Record<string, string>> {
  const victim = await addUser(db, 'viewer', 'none');
  const made = await call('POST', '/api/assessments', { cookie: admin.cookie, body: { businessName: 'Fuzzed', riskScore: 0.4 } });
  return { assessments: (made.body as { id: string }).id, users: victim.id, sessions: victim.sessionId, tokens: (await addToken(db, victim.id)).id };
}

/** A value as a query string has it: lists repeat, the rest is text. */
const asText = (value: unknown): string[] => (Array.isArray(value) ? value.flatMap(asText) : [typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value) ?? '']);

function addressOf(path: string, { id, query }: Input): string {
  const search = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => asText(value).map((one): [string, string] => [name, one])));
  const filled = path.replaceAll('{id}', () => encodeURIComponent(asText(id)[0] ?? '') || 'none');
  return `${filled}?${search.toString()}`;
}

async function inputs({ path, of, route }: (typeof operations)[number]): Promise<fc.Arbitrary<Input>> {
  const planted = (await plant())[path.split('/')[2] ?? ''];
  const id = aroundSchema({ type: 'string', format: 'uuid' });
  const body = of.requestBody?.content['application/json'].schema;
  return fc.record({
    id: planted ? fc.oneof({ weight: 4, arbitrary: fc.constant(planted) }, { weight: 1, arbitrary: id }) : id,
    query: aroundSchema(querySchema(of.parameters)).filter(isRecord),
    body: body ? aroundSchema(body, (await exampleOf(known, route)).body) : fc.constant(undefined),
  });
}

/** All parameters as one object, so that one of them is wrong at a time. */
function querySchema(parameters: z.infer<typeof operation>['parameters']) {
  const own = parameters.filter((parameter) => parameter.in === 'query');
  return { type: 'object', properties: Object.fromEntries(own.map((parameter) => [parameter.name, parameter.schema])), required: own.filter(({ required }) => required).map(({ name }) => name) };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Answers that are not there yet and say so. */
const isExpected = (path: string, status: number) => status < 500 || path === '/api/health/ready';

describe(`S21: random requests from the published schema, seed ${seed}`, () => {
  test.each(operations)('$route: answers as described', async (one) => {
    const declared = endpoints.find(({ method, path }) => method === one.method && path === one.path);
    let asked = 0;
    const counts: Record<number, number> = {};
    const property = fc.asyncProperty(await inputs(one), async (input) => {
      // Its own session where one is ended, an address of its own where attempts are counted.
      const as: Sent = { cookie: (await addSession(db, admin.id)).cookie, address: `10.0.${(asked += 1) >> 8}.${asked & 255}` };
      const answer = await call(one.method, addressOf(one.path, input), { ...as, ...(one.of.requestBody ? { body: input.body ?? null } : {}) });
      counts[answer.status] = (counts[answer.status] ?? 0) + 1;
      expect(isExpected(one.path, answer.status), `${answer.status} ${answer.text}`).toBe(true);
      expect(Object.keys(one.of.responses)).toContain(String(answer.status));
      const described = declared?.answers[answer.status];
      if (described) expect(described.safeParse(answer.body).error).toBeUndefined();
      else if (answer.status >= 400) expect(answer.body).toMatchObject({ code: expect.any(String) });
      if (answer.text.includes('"state":"unmeasured"')) expect(answer.text).not.toContain('"code":"failed"');
    });
    await fc.assert(property, { numRuns: runs(one.route), seed });
    process.stdout.write(`S21: ${one.route} ${JSON.stringify(counts)}\n`);
  }, 600_000);
});
