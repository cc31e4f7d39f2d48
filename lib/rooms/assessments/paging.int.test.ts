import { beforeAll, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { ensurePartitions } from '@/lib/db/partitions';
import type { DeskClient } from '@/lib/pg/client';
import { sorts, type AssessmentItem, type AssessmentList } from '@/lib/rooms/assessments/schema';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { usePeople } from '@/test/people';

const db = await useDatabase();
const { analyst } = await usePeople(db);

const page = async (query: string): Promise<AssessmentList> => {
  const answer = await call('GET', `/api/assessments?${query}`, { cookie: analyst.cookie });
  expect(answer.status, answer.text).toBe(200);
  return answer.body as AssessmentList;
};

/** Every page from the first to the last, and back again from the last to the first. */
async function walk(query: string, between: () => Promise<unknown> = async () => {}): Promise<{ forward: AssessmentItem[]; back: AssessmentItem[] }> {
  let at = await page(query);
  const forward = [...at.items];
  expect(at.prevCursor).toBeNull();
  while (at.nextCursor) {
    await between();
    at = await page(`${query}&cursor=${at.nextCursor}`);
    forward.push(...at.items);
  }
  const back = at.items.toReversed();
  while (at.prevCursor) {
    at = await page(`${query}&cursor=${at.prevCursor}`);
    back.push(...at.items.toReversed());
  }
  return { forward, back };
}

const ids = (items: AssessmentItem[]) => items.map(({ id }) => id);

/** The order that the list promises, computed here from what it gave. */
function inOrder(items: AssessmentItem[], sort: string): boolean {
  const key = sort.replace('-', '') as 'createdAt' | 'riskScore' | 'businessName';
  const sign = sort.startsWith('-') ? -1 : 1;
  const of = (item: AssessmentItem) => (key === 'businessName' ? Buffer.from(item[key].toLowerCase()).toString('hex') : item[key]);
  return items.every((item, index) => {
    const before = items[index - 1];
    if (!before) return true;
    const [a, b] = of(before) === of(item) ? [before.id, item.id] : [of(before), of(item)];
    return (a < b ? -1 : 1) * sign < 0;
  });
}

const plant = (count: number, created: string, name: string) =>
  db.sql(
    `insert into risk_assessments (id, user_id, business_name, industry, risk_score, risk_level, status, created_at, updated_at)
     select gen_random_uuid(), $1, $4::text || chr(65 + n % 30) || n % 7, case n % 3 when 0 then 'Retail' else 'Energy' end, s.score,
       case when s.score < 0.25 then 'low' when s.score < 0.50 then 'medium' when s.score < 0.75 then 'high' else 'critical' end,
       case n % 4 when 0 then 'pending' else 'completed' end, $3::timestamptz, $3::timestamptz
     from generate_series(1, $2::int) n, lateral (select (n % 11) / 10.0 as score) s`,
    [analyst.id, count, created, name],
  );

const instant = `${new Date().toISOString().slice(0, 8)}01T10:00:00.123Z`;
beforeAll(() => plant(10_000, instant, 'Same'), 60_000);

describe('R20: rows of one millisecond', () => {
  test.each(sorts)('10,000 of them in the order %s: each once, both ways', async (sort) => {
    const { forward, back } = await walk(`sort=${sort}&limit=200`);
    expect(new Set(ids(forward)).size).toBe(10_000);
    expect(forward).toHaveLength(10_000);
    expect(ids(back)).toEqual(ids(forward).toReversed());
    expect(inOrder(forward, sort)).toBe(true);
  }, 60_000);

  test('any page size, filter and order, while rows are inserted: what was there comes exactly once', async () => {
    const limits = fc.constantFrom(1, 2, 7, 50, 199, 200);
    const filters = fc.constantFrom('industry=Retail', 'status=pending', 'status=pending&status=failed&riskLevel=low', 'riskLevel=low&riskLevel=critical', 'riskLevel=critical&riskLevel=low&minScore=0.2&maxScore=0.9&industry=Retail', 'minScore=0.3&maxScore=0.4', 'q=samea', 'industry=Energy&status=pending&riskLevel=critical');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sorts), limits, filters, async (sort, limit, filter) => {
        const narrow = limit < 50 ? `${filter}&q=sameb3` : filter;
        const query = `sort=${sort}&${limit < 50 && filter.startsWith('q=') ? 'q=sameb3' : narrow}&limit=${limit}`;
        const before = await walk(query.replace(/limit=\d+/, 'limit=200'));
        let inserted = 0;
        const { forward } = await walk(query, async () => (inserted++ < 5 ? plant(1, instant, 'Same') : undefined));
        const seen = ids(forward);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen).toEqual(expect.arrayContaining(ids(before.forward)));
        expect(inOrder(forward, sort)).toBe(true);
      }),
      { seed: 20_261, numRuns: 25 },
    );
  }, 120_000);
});

test('levels in order of score: side by side, apart, and none that the score’s own bounds leave', async () => {
  for (const sort of ['riskScore', '-riskScore']) {
    for (const levels of [['medium', 'high'], ['low', 'high'], ['low', 'medium', 'critical'], ['critical']]) {
      const filter = `q=same&industry=Retail&${levels.map((level) => `riskLevel=${level}`).join('&')}`;
      const { forward, back } = await walk(`sort=${sort}&${filter}&limit=200`);
      expect(ids(back)).toEqual(ids(forward).toReversed());
      expect(new Set(forward.map(({ riskLevel }) => riskLevel))).toEqual(new Set(levels));
      expect(ids(forward).toSorted()).toEqual(ids((await walk(`sort=createdAt&${filter}&limit=200`)).forward).toSorted());
    }
    expect((await page(`sort=${sort}&riskLevel=low&minScore=0.25`)).items).toEqual([]);
  }
});

test('P17: over many partitions a page is the same, whichever span of time it is found in', async () => {
  const client = (await db.connect('maintenance')) as unknown as DeskClient;
  await ensurePartitions(client, '2019-01-01T00:00:00Z', new Date().toISOString());
  for (const [at, count] of [['2019-01-05', 3], ['2020-06-30', 5], ['2023-03-01', 40], ['2025-12-31', 2]] as const) await plant(count, `${at}T00:00:00.000Z`, 'Old');
  const { resetMonths } = await import('@/lib/rooms/assessments/months');
  resetMonths();
  const { forward, back } = await walk('q=old&sort=-createdAt&limit=7');
  expect(forward).toHaveLength(50);
  expect(ids(back)).toEqual(ids(forward).toReversed());
  expect(ids((await walk('q=old&sort=createdAt&limit=7')).forward)).toEqual(expect.arrayContaining(ids(forward)));
  expect((await page('q=old&createdFrom=2019-01-01&createdTo=2020-07-01&limit=3&sort=createdAt')).items.map(({ createdAt }) => createdAt.slice(0, 10))).toEqual(['2019-01-05', '2019-01-05', '2019-01-05']);
  expect((await page('q=old&createdFrom=2020-01-01&createdTo=2025-12-31')).items).toHaveLength(45);
});

test('P17: a lookup by id is planned over one partition of each table, however many there are', async () => {
  const { findAssessment } = await import('@/lib/rooms/assessments/find');
  const { recorded } = await import('@/bench/recorded');
  const { body } = await call('POST', '/api/assessments', { cookie: analyst.cookie, body: { businessName: 'Found', riskScore: 0.2 } });
  const client = await db.connect('app');
  const statements = await recorded(client, (own) => findAssessment(own, (body as { id: string }).id));
  const planned: string[] = [];
  for (const { text, values } of statements.filter((statement) => statement.text.includes('row_to_json'))) {
    const { rows } = await client.query<{ 'QUERY PLAN': unknown }>(`explain (format json) ${text}`, values);
    planned.push(...[...JSON.stringify(rows).matchAll(/"Relation Name":"(\w+)"/g)].map(([, name]) => name ?? ''));
  }
  const month = new Date().toISOString().slice(0, 7).replace('-', '_');
  expect(planned.toSorted()).toEqual(['compliance_checks', 'predictions', 'risk_assessments', 'risk_factors'].map((table) => `${table}_${month}`));
});
