import { declared } from '../lib/rooms';
import { expectToFitPhone, faultsOf, overflow, settle, violations } from './axe';
import { expect, test } from './fixtures';

// Each is a page of its own, so that both workers can take some.
test.describe.configure({ mode: 'parallel' });

const pages = ['/', '/assessments/new', '/account', '/no-such-page', ...declared.map(({ room }) => room.path)];

for (const path of pages) {
  test(`axe finds nothing on ${path} in light and dark, and nothing sticks out at 390 px`, async ({ admin }) => {
    await admin.goto(path);
    await settle(admin);
    expect(await faultsOf(admin)).toEqual([]);
    await expectToFitPhone(admin);
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
  await expectToFitPhone(admin);
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

for (const { room, diagnostics } of declared.filter((entry) => entry.diagnostics.length > 1)) {
  test(`axe finds nothing on any question about ${room.title}, and nothing sticks out at 390 px`, async ({ admin }) => {
    test.setTimeout(30_000 + diagnostics.length * 15_000);
    await admin.emulateMedia({ reducedMotion: 'reduce' });
    const found: Record<string, unknown> = {};
    for (const { name } of diagnostics) {
      await admin.setViewportSize({ width: 1280, height: 800 });
      await admin.goto(`${room.path}?view=${name}`);
      await settle(admin);
      const seen = await violations(admin);
      await admin.setViewportSize({ width: 390, height: 844 });
      const wide = await overflow(admin);
      if (seen.length > 0 || wide > 0) found[name] = { seen, wide };
    }
    expect(found).toEqual({});
  });
}
