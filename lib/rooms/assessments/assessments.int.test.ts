import { describe, expect, test } from 'vitest';
import type { Assessment, AssessmentList, Stats } from '@/lib/rooms/assessments/schema';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { usePeople } from '@/test/people';
import { database } from '@/lib/db/client';
import { computeStats } from '@/lib/rooms/assessments/stats';

const db = await useDatabase();
const { analyst, viewer } = await usePeople(db);
const nobody = '01900000-0000-7000-8000-000000000000';

const whole = {
  businessName: 'Nordwind Freight AG',
  businessAddress: 'Hafenstraße 4, 20457 Hamburg',
  industry: 'Logistics',
  country: 'DE',
  riskScore: 0.61,
  status: 'processing',
  factors: [
    { category: 'financial', name: 'Liquidity', score: 0.7, weight: 0.29, description: 'Cash covers fewer than 60 days of cost' },
    { category: 'market', name: 'Currency', score: 0.05, weight: 0.71 },
  ],
  predictions: [{ horizonMonths: 6, predictedScore: 0.58, confidence: 0.8, modelUsed: 'm1' }],
  complianceChecks: [{ checkType: 'KYC', status: 'passed', result: 'No finding', checkedAt: '2026-01-31T13:00:00+01:00' }],
};

const post = (body: unknown, as = analyst) => call('POST', '/api/assessments', { cookie: as.cookie, body });
const get = (path: string) => call('GET', `/api/assessments${path}`, { cookie: viewer.cookie });
const patch = (id: string, body: unknown) => call('PATCH', `/api/assessments/${id}`, { cookie: analyst.cookie, body });
const remove = (id: string, version: number | string) => call('DELETE', `/api/assessments/${id}?version=${version}`, { cookie: analyst.cookie });
const list = async (query: string) => (await get(`?${query}`)).body as AssessmentList;

async function create(body: Record<string, unknown> = {}): Promise<Assessment> {
  const answer = await post({ businessName: 'Some Business', riskScore: 0.3, ...body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body as Assessment;
}

const audits = (object: string) => db.sql<{ action: string; actor: string; details: Record<string, unknown> }>('select action, actor, details from riskdesk.audit_log where object = $1 order by id', [object]);

describe('one assessment', () => {
  test('is created with its children and read back as it was sent', async () => {
    const made = await create(whole);
    expect(made).toMatchObject({ ...whole, riskLevel: 'high', version: 1, userId: analyst.id, factors: [whole.factors[0], { ...whole.factors[1], description: null }], complianceChecks: [{ checkType: 'KYC', checkedAt: '2026-01-31T12:00:00.000Z' }] });
    expect(made.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(new Date(made.createdAt).getTime()).toBe(Number.parseInt(made.id.replaceAll('-', '').slice(0, 12), 16));
    expect((await get(`/${made.id}`)).body).toEqual(made);
    expect((await get(`/${made.id.toUpperCase()}`)).body).toEqual(made);
    expect(await audits(`assessment:${made.id}`)).toEqual([{ action: 'assessments.create', actor: analyst.email, details: { businessName: whole.businessName, riskScore: 0.61 } }]);
  });

  test('has defaults for all but name and score', async () => {
    expect(await create({ riskScore: 0 })).toMatchObject({ businessAddress: null, industry: null, country: null, riskLevel: 'low', status: 'pending', factors: [], predictions: [], complianceChecks: [] });
  });

  test.each([[0.24, 'low'], [0.25, 'medium'], [0.49, 'medium'], [0.5, 'high'], [0.74, 'high'], [0.75, 'critical'], [1, 'critical']])('score %d is %s', async (riskScore, riskLevel) => {
    expect((await create({ riskScore, riskLevel })).riskLevel).toBe(riskLevel);
  });

  test('is not there under another id, also one whose time no partition has', async () => {
    for (const id of [nobody, 'ffffffff-ffff-7fff-bfff-ffffffffffff', '7f3c2b1a-0000-4000-8000-000000000000']) {
      expect((await get(`/${id}`)).status).toBe(404);
      expect((await patch(id, { version: 1, riskScore: 0.1 })).status).toBe(404);
      expect((await remove(id, 1)).status).toBe(404);
    }
  });

  test('with an id that holds another time than its row is found, changed and deleted all the same', async () => {
    const id = '7f3c2b1a-1111-4111-8111-111111111111';
    await db.sql(`insert into risk_assessments (id, user_id, business_name, risk_score, risk_level, created_at, updated_at) values ($1, $2, 'Imported', 0.2, 'low', now(), now())`, [id, analyst.id]);
    expect((await get(`/${id}`)).body).toMatchObject({ id, businessName: 'Imported' });
    expect((await patch(id, { version: 1, factors: whole.factors })).body).toMatchObject({ version: 2, factors: whole.factors.map(({ name }) => ({ name })) });
    expect((await remove(id, 2)).status).toBe(204);
    expect((await get(`/${id}`)).status).toBe(404);
  });
});

describe('a change', () => {
  test('touches what it names, replaces a child list as a whole, and counts the version up', async () => {
    const made = await create(whole);
    const answer = await patch(made.id, { version: 1, riskScore: 0.8, country: null, factors: [{ ...made.factors[1], score: 0.1 }] });
    expect(answer.body).toMatchObject({ ...made, version: 2, riskScore: 0.8, riskLevel: 'critical', country: null, updatedAt: expect.any(String), factors: [{ ...made.factors[1], score: 0.1 }] });
    expect((answer.body as Assessment).factors).toHaveLength(1);
    expect((answer.body as Assessment).predictions).toEqual(made.predictions);
    expect((await audits(`assessment:${made.id}`)).at(-1)).toMatchObject({ action: 'assessments.update', details: { version: 1, changed: ['country', 'riskScore', 'factors'] } });
    expect((await patch(made.id, { version: 2, factors: [], predictions: [], complianceChecks: [] })).body).toMatchObject({ factors: [], predictions: [], complianceChecks: [] });
  });

  test('of an old version is refused with the current one, and leaves no trace', async () => {
    const made = await create();
    await patch(made.id, { version: 1, businessName: 'Another Name' });
    const rows = (await audits(`assessment:${made.id}`)).length;
    const answer = await patch(made.id, { version: 1, riskScore: 0.9 });
    expect(answer.body).toMatchObject({ status: 409, code: 'version_conflict', current: { id: made.id, version: 2, businessName: 'Another Name', riskScore: 0.3, factors: [] } });
    expect((await remove(made.id, 1)).body).toMatchObject({ status: 409, current: { version: 2 } });
    expect(await audits(`assessment:${made.id}`)).toHaveLength(rows);
  });

  test('of the level alone must agree with the score that is there', async () => {
    const made = await create({ riskScore: 0.3 });
    expect((await patch(made.id, { version: 1, riskLevel: 'high' })).body).toMatchObject({ status: 422, errors: [{ path: 'riskLevel' }] });
    expect((await patch(made.id, { version: 1, riskLevel: 'medium' })).status).toBe(200);
  });

  test('deleting takes the children along, and the record keeps what it was', async () => {
    const made = await create(whole);
    expect((await remove(made.id, 1)).status).toBe(204);
    expect((await get(`/${made.id}`)).status).toBe(404);
    const [left] = await db.sql<{ n: number }>(`select (select count(*) from risk_factors where assessment_id = $1)::int + (select count(*) from predictions where assessment_id = $1)::int + (select count(*) from compliance_checks where assessment_id = $1)::int as n`, [made.id]);
    expect(left?.n).toBe(0);
    expect((await audits(`assessment:${made.id}`)).at(-1)).toMatchObject({ action: 'assessments.delete', details: { businessName: whole.businessName, riskScore: 0.61 } });
  });
});

describe('a batch', () => {
  const batch = (items: unknown) => call('POST', '/api/assessments/batch', { cookie: analyst.cookie, body: { items } });

  test('creates all in the order given, with one audit row', async () => {
    const items = Array.from({ length: 700 }, (_, n) => ({ ...whole, businessName: `Batch ${n}` }));
    const answer = await batch(items);
    const { ids } = answer.body as { ids: string[] };
    expect(new Set(ids).size).toBe(700);
    expect((await get(`/${ids[345]}`)).body).toMatchObject({ businessName: 'Batch 345', factors: whole.factors.map(({ name }) => ({ name })) });
    const rows = await db.sql<{ details: unknown }>(`select details from riskdesk.audit_log where action = 'assessments.create_batch'`);
    expect(rows).toEqual([{ details: { count: 700, first: ids[0], last: ids[699] } }]);
    expect((await list('q=batch%20&limit=1')).total).toEqual({ value: 700, exact: true });
  });

  test('is refused as a whole, each bad row named', async () => {
    const before = (await list('limit=1')).total;
    const answer = await batch([{ businessName: 'Good', riskScore: 0.1 }, { businessName: 'Bad', riskScore: 1.5 }, { businessName: 'Worse', riskScore: 0.1, factors: [{ category: 'a', name: 'b', score: 0.1 }] }]);
    expect(answer.body).toMatchObject({ status: 422, errors: [{ path: 'items.1.riskScore' }, { path: 'items.2.factors.0.weight' }] });
    const foreign = await batch([{ businessName: 'Good', riskScore: 0.1 }, { businessName: 'Of nobody', riskScore: 0.1, userId: nobody }]);
    expect(foreign.body).toMatchObject({ status: 422, errors: [{ path: 'items.1.userId', code: 'unknown_user' }] });
    expect((await batch([])).body).toMatchObject({ errors: [{ path: 'items' }] });
    expect((await batch(Array.from({ length: 5001 }, () => ({ businessName: 'x', riskScore: 0 })))).body).toMatchObject({ errors: [{ path: 'items' }] });
    expect((await list('limit=1')).total).toEqual(before);
  });
});

describe('the list', () => {
  test('filters by each field; a repeated filter means any of', async () => {
    const names = async (query: string) => (await list(`q=filtered&${query}`)).items.map(({ businessName }) => businessName).toSorted();
    await create({ businessName: 'Filtered A', riskScore: 0.1, industry: 'Retail', country: 'FR', status: 'failed' });
    await create({ businessName: 'filtered B', riskScore: 0.5, industry: 'Energy', country: 'DE', status: 'completed' });
    await create({ businessName: 'FILTERED 100%_C', riskScore: 0.9, industry: 'Energy', country: 'US', userId: viewer.id });
    expect(await names('')).toEqual(['FILTERED 100%_C', 'Filtered A', 'filtered B']);
    expect(await names('status=failed')).toEqual(['Filtered A']);
    expect(await names('status=failed&status=completed')).toEqual(['Filtered A', 'filtered B']);
    expect(await names('riskLevel=critical')).toEqual(['FILTERED 100%_C']);
    expect(await names('industry=Energy')).toEqual(['FILTERED 100%_C', 'filtered B']);
    expect(await names('country=DE&country=FR')).toEqual(['Filtered A', 'filtered B']);
    expect(await names(`userId=${viewer.id}`)).toEqual(['FILTERED 100%_C']);
    expect(await names('minScore=0.5')).toEqual(['FILTERED 100%_C', 'filtered B']);
    expect(await names('maxScore=0.5&minScore=0.11')).toEqual(['filtered B']);
    expect(await names('createdFrom=2199-01-01')).toEqual([]);
    expect(await names('createdTo=2199-01-01T00:00:00%2B05:00')).toHaveLength(3);
    expect((await list('q=100%25_')).items.map(({ businessName }) => businessName)).toEqual(['FILTERED 100%_C']);
    const [first] = (await list('q=filtered%20b')).items;
    expect((await list(`q=filtered&createdFrom=${first?.createdAt}&sort=createdAt`)).items[0]).toEqual(first);
    expect((await list(`q=filtered&createdTo=${first?.createdAt}`)).items.map(({ id }) => id)).not.toContain(first?.id);
  });

  test('items have no children, and the fields of the contract', async () => {
    const [item] = (await list('limit=1')).items;
    expect(Object.keys(item ?? {})).toEqual(['id', 'userId', 'businessName', 'businessAddress', 'industry', 'country', 'riskScore', 'riskLevel', 'status', 'version', 'createdAt', 'updatedAt']);
  });

  test('total is counted up to 10,000 and follows a write at once', async () => {
    const { total } = await list('limit=1');
    await create();
    expect((await list('limit=1')).total).toEqual({ value: total.value + 1, exact: true });
  });

  test('stats add up to what the list finds', async () => {
    const stats = (await get('/stats?q=batch%20')).body as Stats;
    expect(stats).toMatchObject({ total: { value: 700, exact: true }, sampled: null, byIndustry: [{ industry: 'Logistics', count: 700 }], byCountry: [{ country: 'DE', count: 700 }] });
    expect(stats.byLevel).toEqual([{ riskLevel: 'low', count: 0 }, { riskLevel: 'medium', count: 0 }, { riskLevel: 'high', count: 700 }, { riskLevel: 'critical', count: 0 }]);
    expect(stats.byStatus.find(({ status }) => status === 'processing')).toEqual({ status: 'processing', count: 700 });
    expect(stats.byScore.find(({ from }) => from === 0.6)).toEqual({ from: 0.6, count: 700 });
    expect(stats.byMonth).toEqual([{ month: new Date().toISOString().slice(0, 7), count: 700 }]);
    expect((await get('/stats?status=none')).body).toMatchObject({ errors: [{ path: 'status' }] });
  });
});

const refusedFields: [Record<string, unknown>, string][] = [
  [{ businessName: undefined }, 'businessName'], [{ businessName: '' }, 'businessName'], [{ businessName: '  ' }, 'businessName'], [{ businessName: 7 }, 'businessName'], [{ businessName: 'x'.repeat(256) }, 'businessName'],
  [{ businessName: 'x'.repeat(1_000_000) }, 'businessName'], [{ businessName: 'a\u0000b' }, 'businessName'], [{ businessName: 'a\ud800' }, 'businessName'],
  [{ businessAddress: 'x'.repeat(2001) }, 'businessAddress'], [{ industry: 'x'.repeat(101) }, 'industry'], [{ country: 'de' }, 'country'], [{ country: 'XX' }, 'country'], [{ country: 'DEU' }, 'country'],
  [{ riskScore: undefined }, 'riskScore'], [{ riskScore: null }, 'riskScore'], [{ riskScore: '0.5' }, 'riskScore'], [{ riskScore: -0.01 }, 'riskScore'], [{ riskScore: 1.01 }, 'riskScore'], [{ riskScore: 0.123 }, 'riskScore'], [{ riskScore: 1e300 }, 'riskScore'],
  [{ riskLevel: 'high' }, 'riskLevel'], [{ riskLevel: 'extreme' }, 'riskLevel'], [{ status: 'done' }, 'status'], [{ userId: '1' }, 'userId'], [{ userId: nobody }, 'userId'],
  [{ id: nobody }, 'id'], [{ version: 1 }, 'version'], [{ createdAt: '2026-01-01T00:00:00Z' }, 'createdAt'], [{ "'; drop table users; --": 1 }, "'; drop table users; --"],
  [{ factors: {} }, 'factors'], [{ factors: [{}] }, 'factors.0.category'], [{ factors: [{ category: 'a', name: 'b', score: 0.555, weight: 0.1 }] }, 'factors.0.score'], [{ factors: [{ category: 'a', name: 'b', score: 0.5, weight: 2 }] }, 'factors.0.weight'],
  [{ factors: [nobody, nobody].map((id) => ({ id, category: 'a', name: 'b', score: 0, weight: 0 })) }, 'factors'], [{ factors: [{ category: 'a', name: 'b', score: 0, weight: 0, extra: 1 }] }, 'factors.0.extra'],
  [{ predictions: [{ horizonMonths: 0, predictedScore: 0, confidence: 0, modelUsed: 'm' }] }, 'predictions.0.horizonMonths'], [{ predictions: [{ horizonMonths: 1.5, predictedScore: 0, confidence: 0, modelUsed: 'm' }] }, 'predictions.0.horizonMonths'],
  [{ predictions: [{ horizonMonths: 1, predictedScore: 0, confidence: 0, modelUsed: 'm', createdAt: 'infinity' }] }, 'predictions.0.createdAt'],
  [{ complianceChecks: [{ checkType: 'KYC', status: 'passed', checkedAt: '0001-01-01T00:00:00Z' }] }, 'complianceChecks.0.checkedAt'], [{ complianceChecks: [{ checkType: 'KYC', status: 'passed', checkedAt: '2026-02-30T00:00:00Z' }] }, 'complianceChecks.0.checkedAt'],
];

test.each(refusedFields)('a new assessment is refused with the field’s name, case %#', async (change, path) => {
  const answer = await post({ businessName: 'Some Business', riskScore: 0.3, ...change });
  expect(answer.body).toMatchObject({ status: 422, code: 'invalid' });
  expect((answer.body as { errors: { path: string }[] }).errors.map((error) => error.path)).toContain(path);
});

test.each([
  ['limit=0', 'limit'], ['limit=201', 'limit'], ['limit=x', 'limit'], ['sort=name', 'sort'], ['sort=-status', 'sort'], ['sort=id;select 1', 'sort'], ['status=', 'status'], ['status=pending&status=x', 'status.1'], ['riskLevel=HIGH', 'riskLevel'],
  ['country=de', 'country'], ['userId=me', 'userId'], ['minScore=1.5', 'minScore'], ['maxScore=-1', 'maxScore'], ['minScore=0.123', 'minScore'], ['createdFrom=2026-13-01', 'createdFrom'], ['createdTo=infinity', 'createdTo'], ['createdTo=0000-01-01', 'createdTo'],
  ['q=%00', 'q'], [`q=${'x'.repeat(256)}`, 'q'], ['offset=10', 'offset'], ['cursor=', 'cursor'], ['cursor=abc', 'cursor'], ['cursor=%00', 'cursor'], [`cursor=${'A'.repeat(2000)}`, 'cursor'],
])('the list refuses %s and names the field', async (query, path) => {
  expect((await get(`?${query}`)).body).toMatchObject({ status: 422, errors: [{ path }] });
});

test('a cursor that was altered anywhere, or belongs to another order, is refused', async () => {
  const { nextCursor } = await list('limit=2');
  if (!nextCursor) throw new Error('there must be more than two');
  expect((await get(`?cursor=${nextCursor}`)).status).toBe(200);
  expect((await get(`?cursor=${nextCursor}&sort=riskScore`)).body).toMatchObject({ status: 422, errors: [{ path: 'cursor' }] });
  for (let at = 0; at < nextCursor.length; at += 1) {
    const altered = nextCursor.slice(0, at) + (nextCursor[at] === 'A' ? 'B' : 'A') + nextCursor.slice(at + 1);
    expect((await get(`?cursor=${altered}`)).status, altered).toBe(422);
  }
});

test('a change without version, of nothing, or with a wrong version is refused', async () => {
  const { id } = await create();
  for (const [body, path] of [[{ riskScore: 0.1 }, 'version'], [{ version: 1 }, ''], [{ version: 0, riskScore: 0.1 }, 'version'], [{ version: 2 ** 31, riskScore: 0.1 }, 'version'], [{ version: '1', riskScore: 0.1 }, 'version'], [{ version: 1, businessName: null }, 'businessName']] as const) {
    expect((await patch(id, body)).body).toMatchObject({ status: 422, errors: [{ path }] });
  }
  for (const version of ['', '0', '1.5', '-1', '9999999999', 'x']) expect((await remove(id, version)).body).toMatchObject({ status: 422, errors: [{ path: 'version' }] });
  expect((await call('DELETE', `/api/assessments/${id}`, { cookie: analyst.cookie })).body).toMatchObject({ status: 422, errors: [{ path: 'version' }] });
  expect((await get('/not-a-uuid')).body).toMatchObject({ status: 422, errors: [{ path: 'id' }] });
});

test('a viewer writes nothing, and the attempt is on record', async () => {
  const answer = await post({ businessName: 'x', riskScore: 0 }, viewer);
  expect(answer.status).toBe(403);
  const [row] = await db.sql<{ actor: string; outcome: string }>(`select actor, outcome from riskdesk.audit_log where action = 'access.refused' order by id desc limit 1`);
  expect(row).toEqual({ actor: viewer.email, outcome: 'refused' });
});

test('stats of a sample come near what is there, and say what share was read', async () => {
  await db.sql(`insert into risk_assessments (id, user_id, business_name, industry, risk_score, risk_level, created_at, updated_at)
    select gen_random_uuid(), $1, 'Sampled ' || n, case when n % 4 = 0 then 'Retail' else 'Energy' end, 0.2, 'low', now(), now() from generate_series(1, 40000) n`, [analyst.id]);
  await db.connect('maintenance').then((client) => client.query('analyze risk_assessments'));
  const { total, sampled, byIndustry } = await computeStats(database(), { industry: ['Retail', 'Energy'] }, 6000);
  expect(sampled).toBeGreaterThan(0.1);
  expect(sampled).toBeLessThan(0.2);
  expect(total.exact).toBe(false);
  const of = (name: string) => byIndustry.find(({ industry }) => industry === name)?.count ?? 0;
  expect(of('Energy') + of('Retail')).toBe(total.value);
  for (const [found, there] of [[of('Energy'), 30_000], [of('Retail'), 10_000]] as const) expect(Math.abs(found - there) / there).toBeLessThan(0.25);
});

test('stats: a month without any is there with 0', async () => {
  for (const months of [0, 3]) {
    await db.sql(`insert into risk_assessments (id, user_id, business_name, risk_score, risk_level, created_at, updated_at)
      select gen_random_uuid(), $1, 'Gap', 0.2, 'low', t, t from (select date_trunc('month', now()) + $2 * interval '1 month' as t) m`, [analyst.id, months]);
  }
  const { byMonth } = (await get('/stats?q=gap')).body as Stats;
  expect(byMonth.map(({ count }) => count)).toEqual([1, 0, 0, 1]);
});
