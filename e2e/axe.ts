import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The console has no frames, so axe need not gather their results in a page of its own; and what passed is not asked for. */
export async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] }).withTags(tags).analyze();
  expect(await page.locator('iframe').count()).toBe(0);
  return found.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(', ')}`);
}

/** Loaded: nothing on the page says that it is still fetching. */
export async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
}

/** How far the page is wider than its window. */
export const overflow = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

export const themes = ['light', 'dark'] as const;
export type Theme = (typeof themes)[number];
const phone = { width: 390, height: 844 };
export const desk = { width: 1280, height: 800 };

/** What axe finds in each theme: the stylesheet alone decides on it, so that a page is loaded once for both. */
export async function faultsOf(page: Page, which: readonly Theme[] = themes): Promise<string[]> {
  const faults: string[] = [];
  for (const colorScheme of which) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Two frames later everything is drawn in it, first letters too.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    faults.push(...(await violations(page)).map((fault) => `${colorScheme}: ${fault}`));
  }
  return faults;
}

/** Whether the page is no wider than a phone. A drawing follows its window a moment later. */
export async function fitsPhone(page: Page): Promise<boolean> {
  const before = page.viewportSize();
  await page.setViewportSize(phone);
  await page.waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth, null, { timeout: 5000 }).catch(() => null);
  const fits = (await overflow(page)) <= 0;
  if (before) await page.setViewportSize(before);
  return fits;
}
