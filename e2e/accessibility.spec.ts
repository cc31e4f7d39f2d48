import { overflow, settle, violations } from './axe';
import { expect, test } from './fixtures';

const pages = ['/', '/assessments', '/assessments/new', '/queries', '/plans', '/pool', '/users', '/audit', '/account', '/no-such-page'];

for (const colorScheme of ['light', 'dark'] as const) {
  for (const path of pages) {
    test(`axe finds nothing on ${path}, ${colorScheme}`, async ({ admin }) => {
      await admin.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await admin.goto(path);
      await settle(admin);
      expect(await violations(admin)).toEqual([]);
    });
  }

  test(`axe finds nothing on an assessment and its form, ${colorScheme}`, async ({ admin }) => {
    await admin.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const answer = await admin.request.get('/api/assessments?limit=1');
    const { items } = (await answer.json()) as { items: { id: string }[] };
    for (const path of [`/assessments/${items[0]?.id}`, `/assessments/${items[0]?.id}/edit`]) {
      await admin.goto(path);
      await settle(admin);
      expect(await violations(admin)).toEqual([]);
    }
  });

  test(`axe finds nothing on an account, nor in the dialogs that change one, ${colorScheme}`, async ({ admin }) => {
    await admin.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await admin.goto('/users');
    await admin.getByRole('link', { name: 'Demo Administrator' }).click();
    await expect(admin.getByRole('heading', { level: 1, name: 'Demo Administrator' })).toBeVisible();
    await settle(admin);
    expect(await violations(admin)).toEqual([]);
    for (const name of ['Edit', 'Reset password', 'Disable']) {
      await admin.getByRole('button', { name, exact: true }).click();
      await expect(admin.getByRole('dialog')).toBeVisible();
      expect(await violations(admin)).toEqual([]);
      await admin.keyboard.press('Escape');
    }
  });

  for (const [path, name] of [['/users', 'New user'], ['/account', 'New token']] as const) {
    test(`axe finds nothing on the refused form of ${name}, ${colorScheme}`, async ({ admin }) => {
      await admin.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await admin.goto(path);
      await admin.getByRole('button', { name }).click();
      await admin.getByRole('dialog').locator('button[type=submit]').click();
      await expect(admin.getByRole('dialog').getByRole('alert').first()).toBeVisible();
      expect(await violations(admin)).toEqual([]);
    });
  }

  test(`axe finds nothing on the sign-in and forbidden pages, ${colorScheme}`, async ({ page, analyst }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto('/sign-in');
    await settle(page);
    expect(await violations(page)).toEqual([]);
    await analyst.emulateMedia({ colorScheme });
    await analyst.goto('/users');
    expect(await violations(analyst)).toEqual([]);
  });
}

for (const path of pages) {
  test(`nothing sticks out of ${path} at 390 px`, async ({ admin }) => {
    await admin.setViewportSize({ width: 390, height: 844 });
    await admin.goto(path);
    await settle(admin);
    expect(await overflow(admin)).toBeLessThanOrEqual(0);
  });
}

test('nothing sticks out of an account at 390 px', async ({ admin }) => {
  await admin.setViewportSize({ width: 390, height: 844 });
  await admin.goto('/users');
  await admin.getByRole('link', { name: 'Demo Administrator' }).click();
  await settle(admin);
  await expect(admin.getByRole('heading', { name: 'API tokens' })).toBeVisible();
  const [wide, view] = await admin.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect(wide).toBeLessThanOrEqual(view ?? 0);
});
