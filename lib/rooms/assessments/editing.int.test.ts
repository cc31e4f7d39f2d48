import { expect, test } from 'vitest';
import fc from 'fast-check';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { usePeople } from '@/test/people';

const db = await useDatabase();
const { analyst, admin } = await usePeople(db);
const cookies = [analyst.cookie, admin.cookie];

async function create(businessName: string): Promise<Assessment> {
  const answer = await call('POST', '/api/assessments', { cookie: analyst.cookie, body: { businessName, riskScore: 0 } });
  expect(answer.status, answer.text).toBe(201);
  return answer.body as Assessment;
}

type Step = { who: 0 | 1; act: 'read' | 'write' };

test('R19: two analysts, 1,000 random interleavings: no update is lost, the late one gets 409 with what is there', async () => {
  let interleavings = 0;
  const step = fc.record({ who: fc.constantFrom<0 | 1>(0, 1), act: fc.constantFrom<'read' | 'write'>('read', 'write') });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps: Step[]) => {
      interleavings += 1;
      let model = await create('R19');
      const seen = [model, model];
      for (const [index, { who, act }] of steps.entries()) {
        if (act === 'read') {
          seen[who] = (await call('GET', `/api/assessments/${model.id}`, { cookie: cookies[who] ?? '' })).body as Assessment;
          expect(seen[who]).toEqual(model);
          continue;
        }
        const { version } = seen[who] ?? model;
        const body = { version, businessName: `write ${index}`, factors: [{ category: 'c', name: `write ${index}`, score: 0, weight: 0 }] };
        const answer = await call('PATCH', `/api/assessments/${model.id}`, { cookie: cookies[who] ?? '', body });
        if (version === model.version) {
          expect(answer.status).toBe(200);
          model = answer.body as Assessment;
          expect(model).toMatchObject({ version: version + 1, businessName: `write ${index}`, factors: [{ name: `write ${index}` }] });
          seen[who] = model;
        } else {
          expect(answer.body).toMatchObject({ status: 409, current: model });
        }
      }
    }),
    { seed: 19, numRuns: 1000 },
  );
  expect(interleavings).toBeGreaterThanOrEqual(1000);
}, 180_000);

test('R19: of many writes at the very same time exactly one wins each version', async () => {
  const { id } = await create('together');
  for (let version = 1; version <= 20; version += 1) {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => call('PATCH', `/api/assessments/${id}`, { cookie: cookies[n % 2] ?? '', body: { version, businessName: `${version}-${n}`, factors: [{ category: 'c', name: `${n}`, score: 0, weight: 0 }] } })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 7 }, () => 409)]);
    const now = (await call('GET', `/api/assessments/${id}`, { cookie: cookies[0] ?? '' })).body as Assessment;
    expect(now.version).toBe(version + 1);
    expect(now.businessName).toBe(`${version}-${now.factors[0]?.name}`);
    expect(now.factors).toHaveLength(1);
  }
});

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((value) => value.trim() !== '');
const hundredth = fc.integer({ min: 0, max: 100 }).map((n) => n / 100);

test('R21: what is accepted comes back byte for byte; NUL and lone surrogates are refused by name', async () => {
  const anything = fc.oneof(text, fc.constantFrom('a\u0000b', '\ud800', 'x\udfff', '𝕏😀'.repeat(30), '\u202e\u200b\ufeff', '"; drop table users; --', "O'Hara \\ % _", '<script>alert(1)</script>', '\t\r\n.'));
  await fc.assert(
    fc.asyncProperty(anything, anything, hundredth, hundredth, async (businessName, description, riskScore, weight) => {
      const body = { businessName, businessAddress: description, riskScore, factors: [{ category: 'c', name: businessName, score: riskScore, weight, description }] };
      const answer = await call('POST', '/api/assessments', { cookie: analyst.cookie, text: JSON.stringify(body) });
      const storable = [businessName, description].every((value) => !value.includes('\u0000') && value.isWellFormed());
      if (!storable) {
        expect(answer.status).toBe(422);
        return;
      }
      expect(answer.status, answer.text).toBe(201);
      const read = (await call('GET', `/api/assessments/${(answer.body as Assessment).id}`, { cookie: analyst.cookie })).body as Assessment;
      expect(read).toMatchObject({ ...body, factors: [{ category: 'c', name: businessName, score: riskScore, weight, description }] });
    }),
    { seed: 21, numRuns: 300 },
  );
}, 60_000);

test('R21: numbers beyond what a column holds are refused, never rounded', async () => {
  for (const [riskScore, says] of [['9007199254740993', 422], ['0.12345678901234567890', 422], ['1e-9', 422], ['0.30000000000000004', 422], ['1E400', 422], ['-0', 201], ['1.0', 201], ['0.290', 201]] as const) {
    const answer = await call('POST', '/api/assessments', { cookie: analyst.cookie, text: `{"businessName":"n","riskScore":${riskScore}}` });
    expect(answer.status, riskScore).toBe(says);
  }
  for (const version of ['9007199254740993', '2147483648', '1.5']) {
    expect((await call('PATCH', '/api/assessments/01900000-0000-7000-8000-000000000000', { cookie: analyst.cookie, text: `{"version":${version},"riskScore":0}` })).status).toBe(422);
  }
});
