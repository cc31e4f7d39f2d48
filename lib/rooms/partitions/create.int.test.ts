import { beforeAll, describe, expect, test } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase, type TestDatabase } from '@/test/database';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
const actions = await useActions(db);
const { shown, done, preview } = onTarget(actions);

const boundsOf = async (table: string) => (await db.sql<{ bound: string }>(`select pg_get_expr(c.relpartbound, 0) as bound from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass order by 1`, [table])).map(({ bound }) => bound);

test('the coming months of the product, in parent and children, with the indexes of each', async () => {
  const before = (await boundsOf('risk_factors')).length;
  const params = { table: 'public.risk_assessments', ahead: '6' };
  const { plan } = await shown('partitions.create', params);
  expect(plan.map(({ sql }) => sql).join('\n')).not.toMatch(/PARTITION OF|IF NOT EXISTS/);
  expect(plan.every(({ lock }) => lock === 'SHARE UPDATE EXCLUSIVE')).toBe(true);
  await done('partitions.create', params);
  for (const table of ['risk_assessments', 'risk_factors', 'predictions', 'compliance_checks']) expect(await boundsOf(table)).toHaveLength(before + 3);
  expect(await boundsOf('risk_factors')).toEqual(await boundsOf('risk_assessments'));
  const [lacking] = await db.sql<{ n: number }>(`select count(*)::int as n from pg_index p join pg_class pc on pc.oid = p.indexrelid and pc.relkind = 'I' join pg_inherits i on i.inhparent = p.indrelid
    where not exists (select from pg_inherits j join pg_index x on x.indexrelid = j.inhrelid where j.inhparent = p.indexrelid and x.indrelid = i.inhrelid)`);
  expect(lacking?.n).toBe(0);
  // Nothing is missing now: nothing to do is a success.
  expect((await shown('partitions.create', params)).plan).toEqual([]);
  await done('partitions.create', params);
});
