import { expect, test } from 'vitest';
import { ensurePartitions } from '@/lib/db/partitions';
import type { DeskClient } from '@/lib/pg/client';
import type { AssessmentList } from '@/lib/rooms/assessments/schema';
import { useActions } from '@/test/actions';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';

const db = await useDatabase();
const { people, done } = await useActions(db);

const page = async (query: string): Promise<AssessmentList> => {
  const answer = await call('GET', `/api/assessments?${query}`, { cookie: people.analyst.cookie });
  expect(answer.status, answer.text).toBe(200);
  return answer.body as AssessmentList;
};

async function ids(query: string): Promise<string[]> {
  const found: string[] = [];
  for (let at = await page(query); ; at = await page(`${query}&cursor=${at.nextCursor}`)) {
    found.push(...at.items.map(({ id }) => id));
    if (!at.nextCursor) return found;
  }
}

test('analysts find what is archived in the same list, in every order, where they ask for it; and it comes back', async () => {
  const owner = await db.connect('maintenance');
  const [span] = await db.sql<{ from: string; to: string }>(`select (now() - interval '5 months')::text as from, now()::text as to`);
  await ensurePartitions(owner as unknown as DeskClient, span?.from ?? '', span?.to ?? '');
  await db.sql(`insert into risk_assessments (id, user_id, business_name, risk_score, risk_level, created_at, updated_at)
    select gen_random_uuid(), $1, 'Firm ' || n, 0.1, 'low', now() - n * interval '1 day', now() from generate_series(1, 120) n`, [people.analyst.id]);
  await db.sql(`insert into risk_factors select gen_random_uuid(), id, created_at, 'financial', 'liquidity', 0.1, 0.2, null from risk_assessments`);
  const orders = ['-createdAt', 'createdAt', '-riskScore', 'businessName'];
  const before = new Map<string, string[]>();
  for (const sort of orders) before.set(sort, await ids(`sort=${sort}&limit=17`));
  expect(await ids('include=archive')).toEqual(before.get('-createdAt'));
  await done('partitions.archive', { table: 'public.risk_assessments', days: '50', partial: 'go too' });
  expect(await ids('limit=200')).toHaveLength(50);
  for (const sort of orders) expect(await ids(`sort=${sort}&limit=17&include=archive`), sort).toEqual(before.get(sort));
  expect((await page('include=archive&limit=1')).total).toEqual({ value: 120, exact: true });
  expect((await page('include=archive&q=Firm%20110')).items).toHaveLength(1);
  await done('partitions.restore', { table: 'public.risk_assessments', from: '2020-01-01', to: '2100-01-01' });
  expect(await ids('sort=-createdAt')).toEqual(before.get('-createdAt'));
  expect(await db.sql('select count(*)::int as n from risk_factors')).toEqual([{ n: 120 }]);
});
