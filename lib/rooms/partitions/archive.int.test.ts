import { beforeAll, describe, expect, test } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { multiset, plantFamily, type Planted } from '@/test/partitioned';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
const actions = await useActions(db);

describe.each([['main', db], ['pg14', old]] as const)('on %s', (target, server) => {
  const { shown, done, run } = onTarget(actions, target);
  let planted: Planted;
  beforeAll(async () => {
    planted = await plantFamily(server, { name: `Odd "${target}"`, rows: 3000, months: 5 });
  });

  test('whole partitions go in the catalog, with their children; what is archived and restored is the same rows', async () => {
    const { table, tables, archives, sql } = planted;
    const before = await multiset(sql, tables);
    const job = await done('partitions.archive', { table, days: '75' });
    expect(job.plan.map((step) => step.sql).join('\n')).not.toMatch(/INSERT INTO/);
    const [left, gone] = [await multiset(sql, tables), await multiset(sql, archives)];
    expect(gone.map(({ n }) => n)).not.toContain(0);
    expect(left.map(({ n }, index) => n + (gone[index]?.n ?? 0))).toEqual(before.map(({ n }) => n));
    expect((await shown('partitions.archive', { table, days: '75' })).plan).toEqual([]);
    await done('partitions.restore', { table, from: '2020-01-01', to: '2100-01-01' });
    expect(await multiset(sql, tables)).toEqual(before);
    expect((await multiset(sql, archives)).map(({ n }) => n)).toEqual([0, 0, 0]);
    expect(await planted.violations()).toEqual([]);
  });

  test('rows of the partition that the cutoff divides go in batches, with their children, and come back the same', async () => {
    const { table, tables, archives, sql } = planted;
    const before = await multiset(sql, tables);
    const job = await done('partitions.archive', { table, days: '45', partial: 'go too' });
    expect(job.plan.map((step) => step.sql).join('\n')).toMatch(/INSERT INTO/);
    const [late] = await sql<{ n: number }>(`select count(*)::int as n from ${tables[0]} where at < date_trunc('day', now()) - interval '45 days'`);
    expect(late?.n).toBe(0);
    const gone = await multiset(sql, archives);
    expect(gone.map(({ n }) => n)).not.toContain(0);
    expect(await planted.violations()).toEqual([]);
    const again = await run('partitions.archive', { table, days: '45', partial: 'go too' });
    expect([again.state, await multiset(sql, archives)]).toEqual(['succeeded', gone]);
    await done('partitions.restore', { table, from: '2020-01-01', to: '2100-01-01' });
    expect(await multiset(sql, tables)).toEqual(before);
    expect(await planted.violations()).toEqual([]);
  });
});
