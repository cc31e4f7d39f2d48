import { describe, expect, test } from 'vitest';
import { endpoints } from '@/app/api/endpoints';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { usePeople } from '@/test/people';
import { exampleOf, examples, exampleTarget } from '@/test/security/examples';

const db = await useDatabase();
exampleTarget(db);
const people = await usePeople(db);
const { analyst, admin } = people;

const post = (text: string, path = '/api/assessments', extra: Record<string, string> = {}) => call('POST', path, { cookie: analyst.cookie, text, headers: extra });

describe('S17: bodies that are meant to hurt', () => {
  test.each([
    ['not JSON', '{"businessName":', 400], ['empty', '', 400], ['a hundred thousand keys', `{${Array.from({ length: 60_000 }, (_, n) => `"k${n}":0`).join(',')}}`, 422],
    ['ten thousand levels', `{"businessName":${'['.repeat(10_000)}${']'.repeat(10_000)},"riskScore":0}`, 422], ['ten thousand levels of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 422],
    ['a number of a hundred thousand digits', `{"businessName":"x","riskScore":${'9'.repeat(100_000)}}`, 422], ['two megabytes', `{"businessName":"${'x'.repeat(2_000_000)}"}`, 413], ['an array', '[]', 422], ['null', 'null', 422], ['a string', '"x"', 422],
  ])('%s', async (_, text, status) => {
    const answer = await post(text);
    expect(answer.status).toBe(status);
    expect(answer.text.length).toBeLessThan(50_000);
  });

  test('a million cells where five thousand are allowed', async () => {
    const many = await post(`{"items":[${Array.from({ length: 200_000 }, () => '{}').join(',')}]}`, '/api/assessments/batch');
    expect(many.body).toMatchObject({ status: 422 });
    expect((many.body as { errors: unknown[] }).errors.length).toBeLessThanOrEqual(100);
  });

  test('invalid UTF-8, another type, or something compressed is refused before it is parsed', async () => {
    expect((await post('{}', undefined, { 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await call('POST', '/api/assessments', { cookie: analyst.cookie, text: 'businessName=x', type: 'application/x-www-form-urlencoded' })).status).toBe(415);
    const request = new Request('http://localhost:3000/api/assessments', { method: 'POST', headers: { host: 'localhost:3000', origin: 'http://localhost:3000', cookie: analyst.cookie, 'content-type': 'application/json' }, body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) });
    const { POST } = await import('@/app/api/assessments/route');
    expect((await POST(request, { params: Promise.resolve({}) })).status).toBe(400);
  });
});

const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'];

function expectCleanPrototypes(): void {
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  for (const prototype of [Object.prototype, Array.prototype, Function.prototype]) expect(Object.keys(prototype)).toEqual([]);
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The body with a member of this name in one of its objects, once for each of them. As text: in a literal `__proto__` is no member. */
function polluted(body: unknown, name: string): string[] {
  const mark = 'a member more';
  const places = (value: unknown): unknown[] => {
    if (Array.isArray(value)) return value.flatMap((one, at) => places(one).map((changed) => value.with(at, changed)));
    if (!isObject(value)) return [];
    return [{ ...value, [mark]: null }, ...Object.entries(value).flatMap(([key, inner]) => places(inner).map((changed) => ({ ...value, [key]: changed })))];
  };
  return places(body).flatMap((one) => ['{"polluted":true}', '"polluted"'].map((value) => JSON.stringify(one).replace(`"${mark}":null`, `${JSON.stringify(name)}:${value}`)));
}

describe('S18: names of prototypes are fields that are not known here', () => {
  test.each(names)('%s in a body, a child, a query', async (name) => {
    const body = await post(`{"businessName":"x","riskScore":0,"${name}":{"polluted":true}}`);
    expect(body.status).toBe(422);
    expect((await post(`{"businessName":"x","riskScore":0,"factors":[{"category":"a","name":"b","score":0,"weight":0,"${name}":{"polluted":true}}]}`)).status).toBe(422);
    expect((await post(`{"items":[{"businessName":"x","riskScore":0,"${name}":{}}]}`, '/api/assessments/batch')).status).toBe(422);
    expect((await call('GET', `/api/assessments?${name}=1`, { cookie: analyst.cookie })).status).toBe(422);
    expect((await call('GET', `/api/assessments?${name}[polluted]=1`, { cookie: analyst.cookie })).status).toBe(422);
    expect((await call('GET', `/api/queries/slow?${name}=1`, { cookie: admin.cookie })).status).toBe(422);
    expect((await call('GET', `/api/queries/slow?sort=${name}`, { cookie: admin.cookie })).status).toBe(422);
    expect((await call('GET', `/api/queries/${name}`, { cookie: admin.cookie })).status).toBe(404);
    expect((await call('PATCH', `/api/users/${analyst.id}`, { cookie: admin.cookie, text: `{"name":"x","${name}":{"role":"admin"}}` })).status).toBe(422);
    expectCleanPrototypes();
  });

  const known = examples(db, people, { cookie: admin.cookie });
  // What takes no body has nothing to say of one; a public address may be asked with anything.
  test.each(endpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))('%s: in its query and in every object of its body', async (route, { method, path, access, body }) => {
    const example = method === 'GET' ? { path: path.replace('{id}', admin.id) } : await exampleOf(known, route);
    const isOpen = access === 'public' || access === 'own-check';
    const answers: [string, number][] = [];
    for (const name of names) {
      const as = { cookie: admin.cookie, address: `10.1.0.${names.indexOf(name)}` };
      const separator = example.path.includes('?') ? '&' : '?';
      if (!isOpen) for (const query of [`${name}=1`, `${name}[polluted]=1`]) answers.push([query, (await call(method, `${example.path}${separator}${query}`, { ...as, ...(body ? { body: example.body } : {}) })).status]);
      if (body) for (const text of polluted(example.body, name)) for (const of of [example.path, `${example.path}${separator}preview`]) answers.push([text, (await call(method, of, { ...as, text })).status]);
    }
    expect(answers.filter(([, status]) => status < 400 || status >= 500)).toEqual([]);
    expectCleanPrototypes();
  });
});
