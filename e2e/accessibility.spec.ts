import { overflow, settle, violations } from './axe';
import { expect, test } from './fixtures';

const pages = ['/', '/assessments', '/assessments/new', '/queries', '/pool', '/users', '/audit', '/account', '/no-such-page'];

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
