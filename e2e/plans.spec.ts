import type { Page } from '@playwright/test';
import { connectToOwn } from '../test/console';
import { overflow, settle, violations } from './axe';
import { dataDir, expect, newAccount, test } from './fixtures';

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
  await dba.getByRole('dialog').getByRole('button', { name: 'Run it' }).click();
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

const explain = async (page: Page, sql: string) => {
  await page.getByLabel('Statement', { exact: true }).fill(sql);
  await page.getByRole('button', { name: 'Explain' }).click();
};

/** What the button for the link gives, as somebody would paste it. */
async function linkOf(page: Page): Promise<string> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Link', exact: true }).click();
  await page.getByRole('button', { name: 'Copy the link' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  return page.evaluate(() => navigator.clipboard.readText());
}

test('two plans are compared node by node, and a link leads to the same plan', async ({ dba }) => {
  await dba.goto('/plans');
  await explain(dba, 'select * from users order by email');
  await expect(dba.getByRole('list', { name: 'Nodes of the plan' })).toContainText('users');
  await dba.getByRole('button', { name: 'Keep to compare' }).click();
  await expect(dba.getByRole('tab', { name: 'Compare' })).toHaveCount(0);
  await explain(dba, 'select count(*) from users');
  await dba.getByRole('tab', { name: 'Compare' }).click();
  const compared = dba.getByRole('table', { name: 'The kept plan and this one, node by node' });
  await expect(compared.getByRole('row').filter({ hasText: 'Aggregate' })).toHaveCount(1);
  await expect(compared).toContainText('→');
  expect(await violations(dba)).toEqual([]);
  await dba.setViewportSize({ width: 390, height: 844 });
  expect(await overflow(dba)).toBe(0);
  await dba.setViewportSize({ width: 1280, height: 720 });
  await dba.getByRole('button', { name: 'Stop comparing' }).click();
  await expect(dba.getByRole('tab', { name: 'Compare' })).toHaveCount(0);
  for (const [tab, holds] of [['Text', /Aggregate +\(cost=/], ['JSON', /"Node Type": "Aggregate"/]] as const) {
    await dba.getByRole('tab', { name: tab }).click();
    await expect(dba.getByRole('tabpanel')).toHaveText(holds);
  }
  const link = await linkOf(dba);
  await dba.goto('/account');
  await dba.goto(link);
  await expect(dba.getByLabel('Statement', { exact: true })).toHaveValue('select count(*) from users');
  await expect(dba.getByRole('list', { name: 'Nodes of the plan' })).toContainText('Aggregate');
});

test('ANALYZE asks first, runs once, is on record, and its link holds the plan that was run', async ({ dba }) => {
  const sent: unknown[] = [];
  dba.on('request', (request) => request.url().endsWith('/api/plans/explain') && sent.push(request.postDataJSON()));
  const name = `analyzed_${Date.now().toString(36)}`;
  await dba.goto('/plans');
  await dba.getByLabel(/^ANALYZE/).check();
  await explain(dba, `select count(*) as ${name} from users where name <> 'password=of-nobody'`);
  const dialog = dba.getByRole('dialog', { name: 'Run this statement on main?' });
  await expect(dialog).toContainText('rolled back');
  expect(await violations(dba)).toEqual([]);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toHaveCount(0);
  expect(sent).toEqual([]);
  await dba.getByRole('button', { name: 'Explain' }).click();
  await dialog.getByRole('button', { name: 'Run it' }).click();
  await expect(dba.getByRole('region', { name: 'Plan' })).toContainText('Execution');
  expect(sent).toMatchObject([{ analyze: true }]);

  const link = await linkOf(dba);
  await dba.goto('/audit?action=plans.analyze');
  await dba.locator('tr[data-row]').first().getByRole('button', { name: 'Details' }).click();
  await expect(dba.getByRole('definition').filter({ hasText: name })).toBeVisible();
  await expect(dba.getByText('of-nobody')).toHaveCount(0);
  await dba.goto(link);
  await expect(dba.getByRole('region', { name: 'Plan' })).toContainText('Execution');
  expect(sent).toHaveLength(1);
});

test('whoever may not run a statement is not offered it, and is refused', async ({ analyst, dba, playwright, baseURL }) => {
  const viewer = await newAccount('viewer');
  const body = { target: 'main', sql: 'select 1', analyze: true };
  const asViewer = await fetch(`${baseURL}/api/plans/explain`, { method: 'POST', headers: { 'content-type': 'application/json', ...viewer.headers }, body: JSON.stringify(body) });
  expect(asViewer.status).toBe(403);
  expect((await analyst.request.post('/api/plans/explain', { data: body, headers: { origin: baseURL ?? '' } })).status()).toBe(403);
  expect((await analyst.goto('/plans'))?.status()).toBe(403);
  await expect(analyst.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Plans' })).toHaveCount(0);

  // Planning alone needs no more than reading statistics.
  const made = await dba.request.post('/api/tokens', { data: { name: 'plans only', scopes: ['stats:read'] }, headers: { origin: baseURL ?? '' } });
  const { token } = (await made.json()) as { token: string };
  const program = await playwright.request.newContext({ ...(baseURL ? { baseURL } : {}), extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  expect((await program.post('/api/plans/explain', { data: body })).status()).toBe(403);
  expect((await program.post('/api/plans/explain', { data: { ...body, analyze: false } })).status()).toBe(200);
  await program.dispose();
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
