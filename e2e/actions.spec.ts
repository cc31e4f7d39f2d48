import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectTo, databaseName, roleNames } from '../scripts/postgres/roles';
import { faultsOf, fitsPhone, settle, violations } from './axe';
import { dataDir, expect, test } from './fixtures';

const name = `acted_${Date.now().toString(36)}`;
const [table, index] = [`public.${name}`, `public.${name}_b`];

/** As the role that owns the product's tables, and whose jobs are. */
function ownerClient() {
  const { port, passwords } = JSON.parse(readFileSync(join(dataDir(), 'postgres.json'), 'utf8')) as { port: number; passwords: { maintenance: string } };
  return connectTo(port, databaseName, passwords.maintenance, roleNames.maintenance);
}

async function asOwner(statements: string[]): Promise<void> {
  const client = await ownerClient();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

test.beforeAll(() =>
  asOwner([
    `create table ${name} (a int primary key, b int) with (autovacuum_enabled = off)`, `insert into ${name} select g, g from generate_series(1, 20000) g`,
    `create index ${name}_b on ${name} (b)`, `create index ${name}_bb on ${name} (b, a)`, `analyze ${name}`, `delete from ${name} where a % 2 = 0`,
  ]));

test.afterAll(() => asOwner([`drop table ${name}`]));

test('a DBA vacuums the table that has dead rows, from its row to a green re-measurement', async ({ dba: page }) => {
  await page.goto(`/tables?view=vacuum&q=${name}`);
  const row = page.locator('tr[data-row]').filter({ hasText: table });
  await expect(row).toContainText('10,000');
  await row.getByRole('button').first().click();
  await page.getByRole('button', { name: 'Vacuum a table' }).click();
  const dialog = page.getByRole('dialog', { name: 'Vacuum a table' });
  await expect(dialog).toContainText('SHARE UPDATE EXCLUSIVE');
  await expect(dialog).toContainText(`VACUUM (VERBOSE, ANALYZE, TRUNCATE false) "public"."${name}"`);
  await dialog.getByLabel('Freeze all rows').selectOption('yes');
  await expect(dialog).toContainText('VACUUM (VERBOSE, FREEZE, ANALYZE, TRUNCATE false)');
  await settle(page);
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Schedule …' }).click();
  await dialog.getByLabel('When').selectOption('Other …');
  await expect(dialog.getByLabel('Cron')).toHaveAccessibleDescription('Every day at 02:30');
  await settle(page);
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Do not schedule' }).click();
  await dialog.getByRole('button', { name: 'Vacuum a table' }).click();
  await expect(dialog).toContainText(/succeeded/i, { timeout: 15_000 });
  await expect(dialog).toContainText('dead rows10,000 → 0');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(row.locator('td[data-label="Dead rows"]')).toHaveText('0', { timeout: 15_000 });

  await page.goto('/maintenance?view=history');
  const job = page.locator('tr[data-row]').filter({ hasText: table });
  await expect(job).toContainText('tables.vacuum');
  await expect(job).toContainText(/succeeded/i);
  await settle(page);
  expect(await violations(page)).toEqual([]);
});

test('a DBA rebuilds several indexes of one table at once: one at a time, each its own job', async ({ dba: page }) => {
  await page.goto(`/indexes?view=usage&q=${name}`);
  for (const one of [`${name}_b`, `${name}_bb`]) await page.locator('tr[data-row]').filter({ has: page.getByText(`public.${one}`, { exact: true }) }).getByRole('checkbox').check();
  await page.getByRole('group', { name: 'Chosen rows' }).getByRole('button', { name: 'Rebuild an index: 2' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rebuild an index: 2' });
  const start = dialog.getByRole('button', { name: 'Rebuild an index: 2' });
  await expect(dialog.getByRole('list', { name: 'What would be done' })).toContainText(`REINDEX INDEX CONCURRENTLY "public"."${name}_bb"`);
  await settle(page);
  expect(await violations(page)).toEqual([]);
  await start.click();
  await expect(dialog.getByText('succeeded', { exact: true })).toHaveCount(2, { timeout: 20_000 });
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.goto('/maintenance?view=history');
  await expect(page.locator('tr[data-row]').filter({ hasText: `public.${name}_b` }).filter({ hasText: 'indexes.reindex' })).toHaveCount(2);
});

test('a DBA drops a redundant index: its name has to be typed, and its definition stays with the job', async ({ dba: page }) => {
  await page.goto(`/indexes?view=redundant&q=${name}`);
  const row = page.locator('tr[data-row]').filter({ hasText: index }).first();
  await row.getByRole('button').first().click();
  await page.getByRole('button', { name: 'Drop an index' }).click();
  const dialog = page.getByRole('dialog', { name: 'Drop an index' });
  const drop = dialog.getByRole('button', { name: 'Drop an index' });
  await expect(dialog).toContainText(`DROP INDEX CONCURRENTLY IF EXISTS "public"."${name}_b"`);
  await expect(drop).toBeDisabled();
  // It is done once.
  await expect(dialog.getByRole('button', { name: 'Schedule …' })).toHaveCount(0);
  await dialog.getByRole('textbox').fill(index);
  await drop.click();
  await expect(dialog).toContainText(/succeeded/i, { timeout: 15_000 });
  await expect(dialog).toContainText(`CREATE INDEX CONCURRENTLY ${name}_b ON public.${name} USING btree (b)`);
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(page.getByText('Nothing matches').or(page.getByText('Nothing here'))).toBeVisible({ timeout: 15_000 });
});

test('what must not be dropped is refused in the dialog, with the reason', async ({ dba: page }) => {
  await page.goto(`/indexes?view=usage&q=${name}_pkey`);
  await page.locator('tr[data-row]').filter({ hasText: `${name}_pkey` }).getByRole('button').first().click();
  await page.getByRole('button', { name: 'Drop an index' }).click();
  const dialog = page.getByRole('dialog', { name: 'Drop an index' });
  await expect(dialog).toContainText(`The constraint ${name}_pkey rests on it`);
  await expect(dialog.getByRole('button', { name: 'Drop an index' })).toBeDisabled();
});

test('an analyst is offered nothing of it, and refused', async ({ analyst: page }) => {
  expect((await page.goto('/maintenance'))?.status()).toBe(403);
  const answer = await page.request.post('/api/tables/vacuum?preview', { data: { params: { table } }, headers: { origin: new URL(page.url()).origin } });
  expect(answer.status()).toBe(403);
});

/** React has taken over the page: keys pressed before go to the browser. */
const takenOver = (page: Page) => page.waitForFunction(() => Object.keys(document.querySelector('button[aria-label^="Go to"]') ?? {}).some((key) => key.startsWith('__reactProps')));

test('the palette begins an action by its name, and asks for the object', async ({ dba: page }) => {
  await page.goto('/');
  await takenOver(page);
  await page.keyboard.press('Control+k');
  // Its code is still on its way.
  await page.keyboard.type('Vacuum a table');
  const palette = page.getByRole('dialog', { name: 'Go to' });
  await expect(palette.getByRole('combobox')).toHaveValue('Vacuum a table');
  await expect(palette.getByRole('option', { name: /Vacuum a table/, selected: true })).toBeAttached();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Vacuum a table' });
  await dialog.getByRole('textbox', { name: 'Table' }).fill(table);
  await expect(dialog).toContainText('SHARE UPDATE EXCLUSIVE');
  await expect(palette).toBeHidden();
});

test('the palette begins the end of a session with an empty form that says what to type, and where to choose it; Ctrl-K does nothing over it', async ({ dba: page }) => {
  await page.goto('/locks');
  await takenOver(page);
  await page.getByRole('searchbox').focus();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('End the session');
  const palette = page.getByRole('dialog', { name: 'Go to' });
  await expect(palette.getByRole('option', { name: /End the session/, selected: true })).toBeAttached();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'End the session' });
  const pid = dialog.getByRole('textbox', { name: 'PID' });
  await expect(pid).toBeFocused();
  await expect(pid).toHaveAccessibleDescription(/must be the number of a process/i);
  await expect(dialog.getByRole('textbox')).toHaveCount(1);
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  await expect(dialog.getByText('It is not there')).toHaveCount(0);
  await expect(dialog.getByRole('link', { name: 'Locks & activity: Sessions' })).toHaveAttribute('href', '/locks?view=activity');
  await settle(page);
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('999999999');
  await expect(palette).toBeHidden();
  await expect(pid).toHaveValue('999999999');
  await expect(dialog).toContainText('It is not there');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('searchbox')).toBeFocused();
});

test('by keyboard alone an action is looked at, run and left, its progress is told, and the focus is back where it came from', async ({ dba: page }) => {
  await page.goto(`/tables?view=vacuum&q=${name}`);
  const row = page.locator('tr[data-row]').filter({ hasText: table });
  await row.getByRole('button').first().focus();
  await page.keyboard.press('Enter');
  const opener = page.getByRole('button', { name: 'Vacuum a table' });
  await expect(opener).toBeVisible();
  await page.keyboard.press('Tab');
  for (let n = 0; n < 30 && !(await opener.evaluate((element) => element === document.activeElement)); n += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Vacuum a table' });
  await expect(dialog.getByRole('combobox').first()).toBeFocused();
  await expect(dialog.getByRole('status').filter({ hasText: 'What it would do is shown.' })).toBeAttached();
  const run = dialog.getByRole('button', { name: 'Vacuum a table' });
  for (let n = 0; n < 30 && !(await run.evaluate((element) => element === document.activeElement)); n += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('region', { name: 'How it goes' })).toBeFocused();
  await expect(dialog.getByRole('status').filter({ hasText: /^succeeded\. Done/ })).toBeAttached({ timeout: 15_000 });
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

test('a job that waits for a lock says so in the list, on its own page and where the audit log leads', async ({ dba: page }) => {
  const holder = await ownerClient();
  try {
    await holder.query(`begin; lock table ${name} in share update exclusive mode`);
    const origin = new URL((await page.goto('/maintenance'))?.url() ?? '').origin;
    const post = async (path: string, data: unknown) => (await page.request.post(path, { data, headers: { origin } })).json() as Promise<{ seal: string; jobId: string }>;
    const wish = { params: { table } };
    const { jobId } = await post('/api/tables/analyze', { ...wish, seal: (await post('/api/tables/analyze?preview', wish)).seal });
    await page.reload();
    const row = page.locator('tr[data-row]').filter({ hasText: table });
    await expect(row.locator('td[data-label="How it stands"]')).toHaveText(/^(Waits|Runs)/, { timeout: 20_000 });
    await row.getByRole('link', { name: 'tables.analyze' }).click();
    await expect(page).toHaveURL(`/maintenance/${jobId}`);
    await expect(page.getByRole('heading', { level: 1, name: table })).toBeVisible();
    await expect(page.getByText('running', { exact: true }).last()).toBeVisible();
    await holder.query('rollback');
    await expect(page.getByText('succeeded', { exact: true })).toBeVisible({ timeout: 20_000 });
    expect(await faultsOf(page)).toEqual([]);
    expect(await fitsPhone(page)).toBe(true);
    await page.goto(`/audit?object=job:${jobId}`);
    await page.locator('tr[data-row]').first().getByRole('button').first().click();
    await page.getByRole('link', { name: 'The job' }).click();
    await expect(page).toHaveURL(`/maintenance/${jobId}`);
  } finally {
    await holder.end();
  }
});

test('on a phone the tab in view is in sight', async ({ dba: page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/partitions?view=exports');
  await expect(page.getByRole('navigation', { name: 'Questions about Partitions' }).getByRole('link', { name: 'Exports' })).toBeInViewport({ ratio: 0.9 });
});
