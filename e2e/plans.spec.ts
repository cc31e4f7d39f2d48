import { connectToOwn } from '../test/console';
import { overflow, settle, violations } from './axe';
import { dataDir, expect, test } from './fixtures';

test('a DBA goes from a slow statement in the list to its plan and the finding', async ({ dba }) => {
  const name = `planned_${Date.now().toString(36)}`;
  const client = await connectToOwn(dataDir());
  for (let call = 0; call < 3; call += 1) await client.query(`select count(*) as ${name}, pg_sleep(0.2) from risk_assessments where business_name = 'nobody' and risk_score > $1`, [0.5]);
  await client.end();

  await dba.goto(`/queries?view=slow&q=${name}`);
  const row = dba.getByRole('row').filter({ hasText: name });
  await expect(row).toHaveCount(1);
  await row.getByRole('button').first().click();
  await dba.getByRole('link', { name: 'Explain' }).click();
  await dba.waitForURL((url) => url.pathname === '/plans');
  await expect(dba.getByRole('textbox', { name: 'Statement' })).toHaveValue(new RegExp(name));
  await expect(dba.getByRole('list', { name: 'Nodes of the plan' })).toContainText('Aggregate');
  await expect(dba.getByRole('region', { name: 'Plan' })).toContainText('generic');
  await expect(dba.getByRole('list', { name: 'Findings of the plan' })).toContainText('partitions');
});

test('ANALYZE is refused for what it would change, and a pasted plan shows its finding', async ({ dba }) => {
  await dba.goto('/plans');
  await dba.getByLabel('Statement', { exact: true }).fill("with gone as (delete from risk_assessments returning id) select pg_terminate_backend(1) from gone");
  await dba.getByLabel(/^ANALYZE/).check();
  await dba.getByRole('button', { name: 'Explain' }).click();
  await expect(dba.getByText('changes data')).toBeVisible();

  const plan = [{ Plan: { 'Node Type': 'Sort', 'Startup Cost': 1, 'Total Cost': 2, 'Plan Rows': 10, 'Plan Width': 8, 'Actual Startup Time': 1, 'Actual Total Time': 2, 'Actual Rows': 10, 'Actual Loops': 1, 'Sort Key': ['a'], 'Sort Method': 'external merge', 'Sort Space Used': 4096, 'Sort Space Type': 'Disk' }, 'Execution Time': 2 }];
  await dba.getByRole('button', { name: 'Paste a plan' }).click();
  await dba.getByLabel('A plan from elsewhere').fill(JSON.stringify(plan));
  await dba.getByRole('button', { name: 'Show the plan' }).click();
  await expect(dba.getByRole('list', { name: 'Findings of the plan' })).toContainText('wrote 4.00 MB to disk');
  await expect(dba).toHaveURL(/#plan=/);
  await dba.reload();
  await expect(dba.getByRole('list', { name: 'Nodes of the plan' })).toContainText('Sort');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on a plan, and it fits a phone, ${colorScheme}`, async ({ dba }) => {
    await dba.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await dba.goto(`/plans#${new URLSearchParams({ sql: 'select * from risk_assessments where risk_score > $1 order by business_name' })}`);
    await expect(dba.getByRole('list', { name: 'Nodes of the plan' })).toContainText('Sort');
    await dba.getByRole('button', { expanded: false }).filter({ hasText: 'Sort' }).first().click();
    await settle(dba);
    expect(await violations(dba)).toEqual([]);
    await dba.setViewportSize({ width: 390, height: 844 });
    expect(await overflow(dba)).toBe(0);
  });
}
