import type { Page } from '@playwright/test';
import { declared } from '../lib/rooms';
import { desk, faultsOf, fitsPhone, settle, themes, type Theme } from './axe';
import { expect, test } from './fixtures';

// Each has a page of its own and can run beside another.
test.describe.configure({ mode: 'parallel' });

const asked = declared.filter((entry) => entry.diagnostics.length > 1);
const others = declared.filter((entry) => !asked.includes(entry)).map(({ room }) => room.path);

/** One browser page goes through all of them: a new one for each costs more than what is looked at. */
async function look(page: Page, paths: string[], themesOf: (path: string) => readonly Theme[]): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const path of paths) {
    await page.setViewportSize(desk);
    await page.goto(path);
    await settle(page);
    const faults = await faultsOf(page, themesOf(path));
    if (!(await fitsPhone(page))) faults.push('sticks out at 390 px');
    if (faults.length > 0) found[path] = faults;
  }
  return found;
}

for (const paths of [['/', '/assessments/new', '/account', '/no-such-page'], others]) {
  test(`axe finds nothing on ${paths.join(', ')} in light and dark, and nothing sticks out at 390 px`, async ({ admin }) => {
    test.setTimeout(30_000 + paths.length * 15_000);
    expect(await look(admin, paths, () => themes)).toEqual({});
  });
}

for (const { room, diagnostics } of asked) {
  test(`axe finds nothing on ${room.path} in light and dark, nor on any other question about ${room.title}, and nothing sticks out at 390 px`, async ({ admin }) => {
    test.setTimeout(30_000 + diagnostics.length * 15_000);
    // The room's own address shows its first question.
    const rest = diagnostics.filter(({ name }) => name !== (room.questions ?? [])[0]).map(({ name }) => `${room.path}?view=${name}`);
    expect(rest).toHaveLength(diagnostics.length - 1);
    expect(await look(admin, [room.path, ...rest], (path) => (path === room.path ? themes : ['light']))).toEqual({});
  });
}

test('axe finds nothing on an assessment and its form, in light and dark', async ({ admin }) => {
  const answer = await admin.request.get('/api/assessments?limit=1');
  const { items } = (await answer.json()) as { items: { id: string }[] };
  for (const path of [`/assessments/${items[0]?.id}`, `/assessments/${items[0]?.id}/edit`]) {
    await admin.goto(path);
    await settle(admin);
    expect(await faultsOf(admin)).toEqual([]);
  }
});

test('axe finds nothing on an account, nor in the dialogs that change one, in light and dark; it fits 390 px', async ({ admin }) => {
  await admin.goto('/users');
  await admin.getByRole('link', { name: 'Demo Administrator' }).click();
  await expect(admin.getByRole('heading', { level: 1, name: 'Demo Administrator' })).toBeVisible();
  await settle(admin);
  await expect(admin.getByRole('heading', { name: 'API tokens' })).toBeVisible();
  expect(await faultsOf(admin)).toEqual([]);
  expect(await fitsPhone(admin)).toBe(true);
  for (const name of ['Edit', 'Reset password', 'Disable']) {
    await admin.getByRole('button', { name, exact: true }).click();
    await expect(admin.getByRole('dialog')).toBeVisible();
    expect(await faultsOf(admin)).toEqual([]);
    await admin.keyboard.press('Escape');
  }
});

for (const [path, name] of [['/users', 'New user'], ['/account', 'New token']] as const) {
  test(`axe finds nothing on the refused form of ${name}, in light and dark`, async ({ admin }) => {
    await admin.goto(path);
    await admin.getByRole('button', { name }).click();
    await admin.getByRole('dialog').locator('button[type=submit]').click();
    await expect(admin.getByRole('dialog').getByRole('alert').first()).toBeVisible();
    expect(await faultsOf(admin)).toEqual([]);
  });
}

test('axe finds nothing on the sign-in and forbidden pages, in light and dark', async ({ page, analyst }) => {
  await page.goto('/sign-in');
  await settle(page);
  expect(await faultsOf(page)).toEqual([]);
  await analyst.goto('/users');
  expect(await faultsOf(analyst)).toEqual([]);
});
