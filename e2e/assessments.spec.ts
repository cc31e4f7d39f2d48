import type { Page } from '@playwright/test';
import type { Assessment, AssessmentList } from '../lib/rooms/assessments/schema';
import { overflow, settle, violations } from './axe';
import { credentialsOf, expect, test } from './fixtures';

const nobody = '01900000-0000-7000-8000-000000000000';
const detail = /\/assessments\/[0-9a-f-]{36}$/;
const unique = (name: string) => `${name} ${Date.now().toString(36)}`;

/** As another program would: through the API, from the page's own origin. */
async function send(page: Page, method: 'POST' | 'PATCH', path: string, data: unknown): Promise<Assessment> {
  const answer = await page.request.fetch(path, { method, data, headers: { origin: new URL(page.url()).origin } });
  expect(answer.ok(), await answer.text()).toBe(true);
  return (await answer.json()) as Assessment;
}

const read = async (page: Page, id: string): Promise<Assessment> => (await (await page.request.get(`/api/assessments/${id}`)).json()) as Assessment;

async function create(page: Page, one: object): Promise<Assessment> {
  await page.goto('/assessments');
  return send(page, 'POST', '/api/assessments', one);
}

const withChildren = {
  riskScore: 0.4,
  industry: 'Retail',
  factors: [{ category: 'market', name: 'Demand', score: 0.5, weight: 0.6, description: 'Falling' }, { category: 'financial', name: 'Liquidity', score: 0.25, weight: 0.4 }],
  predictions: [{ horizonMonths: 6, predictedScore: 0.5, confidence: 0.8, modelUsed: 'logit' }],
  complianceChecks: [{ checkType: 'KYC', status: 'passed', checkedAt: '2026-01-02T03:04:05.678Z' }],
};

const group = (page: Page, name: string | RegExp) => page.getByRole('group', { name });

test('an analyst signs in, finds one, creates one with children, and deletes it', async ({ page }) => {
  const { email, password } = credentialsOf('analyst');
  await page.goto('/assessments');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));

  await page.goto('/assessments?sort=businessName');
  const { items } = (await (await page.request.get('/api/assessments?limit=1&status=completed')).json()) as AssessmentList;
  const known = items[0]?.businessName ?? '';
  await page.getByRole('searchbox').fill(known);
  await page.getByRole('link', { name: known }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: known })).toBeVisible();
  await page.getByRole('link', { name: 'Back to the list' }).click();
  await expect(page).toHaveURL(/sort=businessName/);
  await expect(page.getByRole('searchbox')).toHaveValue(known);

  const name = unique('Created by hand');
  await page.getByRole('link', { name: 'New assessment' }).first().click();
  await page.getByLabel('Business name').fill(name);
  await page.getByLabel('Industry').fill('Retail');
  await page.getByLabel('Country').selectOption({ label: 'Germany (DE)' });
  await page.getByLabel('Score, 0 to 1').fill('0,5');
  await expect(page.getByText('Level High')).toBeVisible();
  for (const [index, [category, factor, score, weight]] of [['market', 'Demand', '0,9', '0,5'], ['financial', 'Liquidity', '.5', '0.5']].entries()) {
    await page.getByRole('button', { name: 'Add a factor' }).click();
    const row = group(page, `Factors, ${index + 1}`);
    await expect(row.getByLabel('Category')).toBeFocused();
    await row.getByLabel('Category').fill(category ?? '');
    await row.getByLabel('Name').fill(factor ?? '');
    await row.getByLabel('Score').fill(score ?? '');
    await row.getByLabel('Weight').fill(weight ?? '');
  }
  await page.getByRole('button', { name: 'Use as the score' }).click();
  await page.getByRole('button', { name: 'Add a prediction' }).click();
  await page.getByLabel('Months ahead').fill('12');
  await page.getByLabel('Predicted score').fill('0,55');
  await page.getByLabel('Confidence').fill('0.8');
  await page.getByLabel('Model').fill('by hand');
  await page.getByRole('button', { name: 'Add a check' }).click();
  await group(page, 'Compliance checks, 1').getByLabel('Check', { exact: true }).fill('KYC');
  await group(page, 'Compliance checks, 1').getByLabel('Status').fill('passed');
  await page.getByRole('button', { name: 'Create' }).click();

  await page.waitForURL(detail);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByText('The weighted sum of the factors is 0.70, which is the score.')).toBeVisible();
  const made = await read(page, page.url().split('/').at(-1) ?? '');
  expect(made).toMatchObject({
    businessName: name, industry: 'Retail', country: 'DE', riskScore: 0.7, riskLevel: 'high', status: 'pending',
    predictions: [{ horizonMonths: 12, predictedScore: 0.55, confidence: 0.8, modelUsed: 'by hand' }],
    complianceChecks: [{ checkType: 'KYC', status: 'passed', result: null }],
  });
  expect(made.factors.map(({ name: factor, score, weight }) => [factor, score, weight])).toEqual([['Demand', 0.9, 0.5], ['Liquidity', 0.5, 0.5]]);

  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete this assessment?' });
  await expect(dialog).toContainText('2 factors, 1 prediction and 1 compliance check');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL(/\/assessments\?/);
  expect((await page.goto(`/assessments/${made.id}`))?.status()).toBe(404);
});

test('with the keyboard alone: from the list to a new assessment and on to editing it', async ({ analyst: page }) => {
  const name = unique('By keyboard');
  const type = async (...fields: string[]) => {
    for (const [index, text] of fields.entries()) {
      if (index > 0) await page.keyboard.press('Tab');
      await page.keyboard.type(text);
    }
  };
  await page.goto('/assessments');
  await settle(page);
  await page.keyboard.press('n');
  await expect(page.getByLabel('Business name')).toBeFocused();
  await type(name, '1 Long Street', 'Retail', 'Germ', '0,42', 'proc');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Add a factor' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Category')).toBeFocused();
  await type('market', 'Demand', '0,84', '0,5', 'Falls');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(detail);
  const id = page.url().split('/').at(-1) ?? '';
  expect(await read(page, id)).toMatchObject({ businessName: name, businessAddress: '1 Long Street', industry: 'Retail', country: 'DE', riskScore: 0.42, status: 'processing', factors: [{ name: 'Demand', score: 0.84, weight: 0.5, description: 'Falls' }] });
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await page.keyboard.press('e');
  await expect(page.getByLabel('Business name')).toBeFocused();
  await page.keyboard.press('End');
  await page.keyboard.type(' Ltd');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(detail);
  expect(await read(page, id)).toMatchObject({ businessName: `${name} Ltd`, version: 2 });
});

test('an edit sends only what changed, and children keep their ids and times', async ({ analyst: page }) => {
  const before = await create(page, { businessName: unique('Small edit'), ...withChildren });
  await page.goto(`/assessments/${before.id}/edit`);
  await settle(page);
  await group(page, 'Factors, 2').getByLabel('Weight').fill('0,3');
  const sent = page.waitForRequest((request) => request.method() === 'PATCH');
  await page.getByRole('button', { name: 'Save' }).click();
  const body = (await sent).postDataJSON() as Record<string, unknown>;
  expect(Object.keys(body).toSorted()).toEqual(['factors', 'version']);
  await page.waitForURL(detail);
  const after = await read(page, before.id);
  expect(after).toEqual({ ...before, version: 2, updatedAt: after.updatedAt, factors: before.factors.map((factor, index) => (index === 1 ? { ...factor, weight: 0.3 } : factor)) });
});

test('a concurrent edit is shown beside mine, merged field by field, and nothing is lost', async ({ analyst: page }) => {
  const before = await create(page, { businessName: unique('Contested'), ...withChildren });
  await page.goto(`/assessments/${before.id}/edit`);
  await settle(page);
  const [demand, liquidity] = before.factors;
  await page.getByLabel('Business name').fill('Mine');
  await page.getByLabel('Score, 0 to 1').fill('0,10');
  await group(page, 'Factors, 1').getByLabel('Weight').fill('0,7');
  await page.getByRole('button', { name: 'Remove prediction 1' }).click();
  await page.getByRole('button', { name: 'Add a check' }).click();
  await group(page, 'Compliance checks, 2').getByLabel('Check', { exact: true }).fill('AML');
  await group(page, 'Compliance checks, 2').getByLabel('Status').fill('failed');
  await send(page, 'PATCH', `/api/assessments/${before.id}`, {
    version: 1,
    riskScore: 0.9,
    industry: 'Energy',
    factors: [{ ...demand, description: 'Falling fast' }, { category: 'cyber', name: 'Breach', score: 0.9, weight: 0.1 }],
  });

  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog', { name: 'Somebody changed it meanwhile' });
  await expect(dialog).toContainText('You began with version 1; it is version 2');
  const shown = await dialog.getByRole('group').evaluateAll((groups) => groups.map((one) => one.querySelector('legend')?.textContent));
  expect(shown).toEqual([
    'Business nameChanged by me', 'IndustryChanged by them', 'ScoreChanged by both', 'Factor Demand: weightChanged by me', 'Factor Demand: descriptionChanged by them',
    'Factor LiquidityChanged by them', 'Factor BreachChanged by them', 'Prediction 6 monthsChanged by me', 'Check AMLChanged by me',
  ]);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page)).toEqual([]);
  }
  await expect(dialog.getByRole('button', { name: 'Save this' })).toBeDisabled();
  await dialog.getByRole('button', { name: 'Back to the form' }).click();
  await expect(page.getByLabel('Business name')).toHaveValue('Mine');
  await expect(page.getByLabel('Score, 0 to 1')).toHaveValue('0.10');
  await page.getByRole('button', { name: 'Compare' }).click();
  await dialog.getByRole('group', { name: /^Score/ }).getByLabel('Take theirs').check();
  await dialog.getByRole('group', { name: /^Factor Liquidity/ }).getByLabel('Keep mine').check();
  await dialog.getByRole('button', { name: 'Save this' }).click();

  await page.waitForURL(detail);
  const after = await read(page, before.id);
  expect(after).toMatchObject({ version: 3, businessName: 'Mine', industry: 'Energy', riskScore: 0.9, riskLevel: 'critical', predictions: [] });
  expect(after.factors.map(({ id, name, weight, description }) => [id === demand?.id || id === liquidity?.id, name, weight, description])).toEqual([[true, 'Demand', 0.7, 'Falling fast'], [true, 'Liquidity', 0.4, null], [false, 'Breach', 0.1, null]]);
  expect(after.complianceChecks).toMatchObject([before.complianceChecks[0], { checkType: 'AML', status: 'failed' }]);
});

test('deleting what changed meanwhile shows the change and deletes nothing', async ({ analyst: page }) => {
  const before = await create(page, { businessName: unique('Changed before its end'), ...withChildren });
  await page.goto(`/assessments/${before.id}`);
  await settle(page);
  await send(page, 'PATCH', `/api/assessments/${before.id}`, { version: 1, riskScore: 0.8 });
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'It changed meanwhile, and was not deleted' });
  await expect(dialog).toContainText('Score0.40 → 0.80');
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Look again' }).click();
  await expect(page.getByText('Score 0.80 on a scale from 0 to 1: critical')).toBeAttached();
  expect((await read(page, before.id)).version).toBe(2);
});

test('what the schema refuses lands on its field before anything is sent', async ({ analyst: page }) => {
  await page.goto('/assessments/new');
  await settle(page);
  await page.getByRole('button', { name: 'Add a factor' }).click();
  await page.getByLabel('Score, 0 to 1').fill('0,357');
  await group(page, 'Factors, 1').getByLabel('Weight').fill('much');
  const sent: string[] = [];
  page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByLabel('Business name')).toBeFocused();
  await expect(page.getByLabel('Business name')).toHaveAccessibleDescription('Must not be empty');
  await expect(page.getByLabel('Score, 0 to 1')).toHaveAccessibleDescription('Must have at most two decimals');
  await expect(group(page, 'Factors, 1').getByLabel('Weight')).toHaveAccessibleDescription('Must be a number from 0 to 1');
  expect(sent).toEqual([]);
  expect(await violations(page)).toEqual([]);
  await page.getByLabel('Business name').fill('x');
  await expect(page.getByLabel('Business name')).not.toHaveAttribute('aria-invalid');
});

test('what the server refuses lands on its field too, a child’s as well, and the first has the focus', async ({ analyst: page }) => {
  const before = await create(page, { businessName: unique('Refused'), ...withChildren });
  // What a program between could do, so that the form's own check does not see it; the refusal is the server's.
  await page.route(`**/api/assessments/${before.id}`, async (route) => {
    const sent = route.request().postDataJSON() as { factors: { weight: number }[] };
    const spoilt = { ...sent, factors: sent.factors.map((factor, index) => (index === 1 ? { ...factor, weight: 7 } : factor)) };
    await (route.request().method() === 'PATCH' ? route.continue({ postData: JSON.stringify(spoilt) }) : route.continue());
  });
  await page.goto(`/assessments/${before.id}/edit`);
  await settle(page);
  await group(page, 'Factors, 2').getByLabel('Name').fill('Cash');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(group(page, 'Factors, 2').getByLabel('Weight')).toBeFocused();
  await expect(group(page, 'Factors, 2').getByLabel('Weight')).toHaveAccessibleDescription('Must be at most 1');
  expect((await read(page, before.id)).version).toBe(1);
});

test('leaving with something unsaved asks first', async ({ analyst: page }) => {
  await page.goto('/assessments/new');
  await settle(page);
  await page.getByLabel('Business name').fill('Half done');
  await page.getByRole('link', { name: 'Overview', exact: true }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByLabel('Business name')).toHaveValue('Half done');
  let asked = 0;
  page.once('dialog', (native) => {
    asked += 1;
    void native.dismiss();
  });
  await page.reload({ timeout: 2000 }).catch(() => null);
  expect(asked).toBe(1);
  await expect(page.getByLabel('Business name')).toHaveValue('Half done');
  await page.getByRole('link', { name: 'Cancel' }).click();
  await dialog.getByRole('button', { name: 'Leave' }).click();
  await page.waitForURL(/\/assessments$/);
});

test('the palette, the account menu and the browser’s Back ask before they lose something unsaved', async ({ analyst: page }) => {
  await page.goto('/assessments');
  await settle(page);
  await page.getByRole('link', { name: 'New assessment' }).click();
  const name = page.getByLabel('Business name');
  await name.click();
  await page.keyboard.type('Half done');
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  const stays = async () => {
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(name).toHaveValue('Half done');
  };
  await page.keyboard.press('ControlOrMeta+k');
  await page.getByRole('dialog', { name: 'Go to' }).getByRole('option', { name: /^Overview/ }).click();
  await stays();
  await page.getByRole('button', { name: /^Account: / }).click();
  await page.getByRole('menuitem', { name: 'Account' }).click();
  await stays();
  await page.evaluate('history.back()');
  await stays();
  await name.click();
  await page.evaluate('history.back()');
  await dialog.getByRole('button', { name: 'Leave' }).click();
  await page.waitForURL(/\/assessments$/);
});

test('a DBA reads, and is not offered to write', async ({ dba: page }) => {
  const { items } = (await (await page.request.get('/api/assessments?limit=1')).json()) as AssessmentList;
  const path = `/assessments/${items[0]?.id}`;
  await page.goto(path);
  await expect(page.getByRole('heading', { level: 1, name: items[0]?.businessName ?? '' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Edit' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Delete' })).toHaveCount(0);
  for (const refused of ['/assessments/new', `${path}/edit`]) expect((await page.goto(refused))?.status(), refused).toBe(403);
});

test('an id of nobody, and one that is none, are pages that are not there', async ({ analyst: page }) => {
  for (const path of [`/assessments/${nobody}`, '/assessments/none', `/assessments/${nobody}/edit`]) expect((await page.goto(path))?.status(), path).toBe(404);
});

test('an assessment with empty lists says so; it, its form and its dialog fit 390 px', async ({ analyst: page }) => {
  const long = await create(page, { businessName: `${unique('Long')} ${'unbreakable'.repeat(20)}`, businessAddress: 'street'.repeat(60), riskScore: 1, factors: [{ category: 'c'.repeat(100), name: 'n'.repeat(255), score: 1, weight: 1, description: 'd'.repeat(500) }] });
  const empty = await create(page, { businessName: unique('Empty'), riskScore: 0 });
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of [`/assessments/${long.id}`, `/assessments/${long.id}/edit`, `/assessments/${empty.id}`]) {
    await page.goto(path);
    await settle(page);
    expect(await overflow(page), path).toBeLessThanOrEqual(0);
  }
  for (const says of ['No factors.', 'No predictions.', 'No compliance checks.', 'There are no factors behind this score.']) await expect(page.getByText(says)).toBeVisible();
  expect(await violations(page)).toEqual([]);
});
