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
export const phone = { width: 390, height: 844 };
export const desk = { width: 1280, height: 720 };

/** What is loaded, in both themes and then on a phone: the stylesheet alone decides on either, so that it is loaded once. @returns what is wrong */
export async function faultsOf(page: Page): Promise<string[]> {
  const faults: string[] = [];
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    faults.push(...(await violations(page)).map((fault) => `${colorScheme}: ${fault}`));
  }
  return faults;
}

/** A drawing follows its window a moment later. */
export async function expectToFitPhone(page: Page): Promise<void> {
  await page.setViewportSize(phone);
  await expect.poll(() => overflow(page), { message: `${page.url()} at 390 px` }).toBeLessThanOrEqual(0);
  await page.setViewportSize(desk);
}
