import { connectToOwn } from '../test/console';
import { dataDir, expect, test } from './fixtures';

test('a DBA sees a slow statement that this test caused, with its calls and its mean', async ({ dba }) => {
  const name = `planted_${Date.now().toString(36)}`;
  const client = await connectToOwn(dataDir());
  for (let call = 0; call < 4; call += 1) await client.query(`select count(*) as ${name}, pg_sleep(0.2) from users`);
  const { rows } = await client.query<{ calls: number; mean: number }>(`select calls::int, mean_exec_time as mean from pg_stat_statements where query like '%${name}%' and query like '%pg_sleep%' and calls = 4`);
  await client.end();

  await dba.goto('/queries?view=slow');
  await expect(dba.getByRole('heading', { name: 'Slow statements' }).first()).toBeVisible();
  await dba.getByRole('searchbox').first().fill(name);
  const row = dba.getByRole('row').filter({ hasText: name });
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('4');
  await expect(row).toContainText(`${(rows[0]?.mean ?? 0).toFixed(0)} ms`);
  await expect(dba.getByText(/Takes \d+ ms on average over 4 calls/).first()).toBeVisible();
});

test('a DBA sees the console’s own pools', async ({ dba }) => {
  await dba.goto('/pool');
  await expect(dba.getByRole('row').filter({ hasText: 'app' }).first()).toBeVisible();
  await expect(dba.getByRole('row').filter({ hasText: 'monitor' }).first()).toBeVisible();
});

test('an analyst sees neither', async ({ analyst }) => {
  const answer = await analyst.goto('/queries');
  expect(answer?.status()).toBe(403);
  await expect(analyst.getByRole('navigation').getByRole('link', { name: 'Queries' })).toHaveCount(0);
  expect((await analyst.request.get('/api/queries/slow')).status()).toBe(403);
});
