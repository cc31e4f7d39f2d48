import type { Browser, Page, Request } from '@playwright/test';
import { adminHeaders, asAdmin, expect, newAccount, policyViolations, test, type Account } from './fixtures';

// Each makes an account and signs in, half a second of a core for each hash.
test.describe.configure({ timeout: 120_000 });

type Tabs = { pages: Page[]; /** Statuses of what the tabs asked of the API after this moment. */ askedAfter: (moment: number) => Promise<number[]>; close: () => Promise<void> };

/** Tabs of one browser, which share the account's session. */
async function openTabs(browser: Browser, { headers }: Account, paths: string[]): Promise<Tabs> {
  const { origin: baseURL = '', cookie = '' } = headers;
  const context = await browser.newContext({ baseURL });
  const violations = await policyViolations(context);
  const [name = '', value = ''] = cookie.split('=');
  await context.addCookies([{ name, value, url: baseURL }]);
  const asked: Request[] = [];
  context.on('request', (request) => {
    if (new URL(request.url()).pathname.startsWith('/api/')) asked.push(request);
  });
  const pages: Page[] = [];
  for (const path of paths) {
    const page = await context.newPage();
    await page.goto(path);
    pages.push(page);
  }
  return {
    pages,
    askedAfter: async (moment) => {
      // One that a page's end cut off has no answer, and the time of a request is known once it has one.
      const answered = await Promise.all(asked.map(async (request) => ({ status: (await request.response().catch(() => null))?.status() ?? 0, at: request.timing().startTime })));
      return answered.filter(({ status, at }) => status > 0 && at > moment).map(({ status }) => status);
    },
    close: async () => {
      await context.close();
      expect(violations).toEqual([]);
    },
  };
}

/** @returns when it had taken effect */
async function administer(method: 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<number> {
  const answer = await fetch(`${adminHeaders()['origin']}${path}`, { method, headers: { ...adminHeaders(), 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return Date.now();
}

const pools = (page: Page) => page.getByRole('row').filter({ hasText: 'monitor' }).first();
const measure = (page: Page) => page.getByRole('button', { name: /^Measure .* now$/ }).first();

/** Unless the page has asked for the jobs by itself meanwhile, and the button is gone with it. */
const press = (page: Page) => measure(page).click({ timeout: 5000 }).catch(() => {});

/** One tab asks by itself, in the other somebody presses: both end at sign-in, and neither got an answer meanwhile. */
async function expectSignedOut({ pages: [asking, waiting], askedAfter }: Tabs, moment: number): Promise<void> {
  if (!asking || !waiting) throw new Error('two tabs are needed');
  await press(waiting);
  await expect(waiting).toHaveURL('/sign-in?next=%2Fqueries');
  await expect(asking).toHaveURL('/sign-in?next=%2Fpool');
  for (const page of [asking, waiting]) {
    await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
    await expect(page.getByRole('table')).toHaveCount(0);
    await page.goBack();
    await expect(page).toHaveURL(/\/sign-in/);
    await expect(page.getByRole('table')).toHaveCount(0);
  }
  const statuses = await askedAfter(moment);
  expect(statuses.length).toBeGreaterThanOrEqual(2);
  expect(new Set(statuses)).toEqual(new Set([401]));
}

test('S9: open tabs of an account that is disabled are sent to sign-in at their next request', async ({ browser }) => {
  const account = await newAccount('dba');
  const tabs = await openTabs(browser, account, ['/pool', '/queries']);
  await expect(pools(tabs.pages[0] as Page)).toBeVisible();
  await expect(measure(tabs.pages[1] as Page)).toBeVisible();
  await expectSignedOut(tabs, await administer('PATCH', `/api/users/${account.id}`, { active: false }));
  await tabs.close();
});

test('S9: open tabs of a session that is ended are sent to sign-in at their next request; another session goes on', async ({ browser }) => {
  const account = await newAccount('dba');
  const tabs = await openTabs(browser, account, ['/pool', '/queries']);
  await expect(pools(tabs.pages[0] as Page)).toBeVisible();
  const { items } = await asAdmin<{ items: { id: string }[] }>(`/api/sessions?userId=${account.id}`);
  expect(items).toHaveLength(1);
  const { origin } = account.headers;
  const elsewhere = await fetch(`${origin}/api/auth/sign-in/email`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: account.email, password: account.password }) });
  const cookie = elsewhere.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  await expectSignedOut(tabs, await administer('DELETE', `/api/sessions/${items[0]?.id}`));
  expect((await fetch(`${origin}/api/ping`, { headers: { cookie } })).status).toBe(204);
  await tabs.close();
});

test('S9: open tabs of an account with a lesser role are refused at their next request, and say so', async ({ browser }) => {
  const account = await newAccount('dba');
  const tabs = await openTabs(browser, account, ['/pool', '/queries']);
  const [asking, waiting] = tabs.pages as [Page, Page];
  await expect(pools(asking)).toBeVisible();
  await expect(measure(waiting)).toBeVisible();
  const moment = await administer('PATCH', `/api/users/${account.id}`, { role: 'viewer' });
  await press(waiting);
  for (const page of [waiting, asking]) {
    await expect(page.getByRole('heading', { level: 1, name: 'Your role does not include this page' })).toBeVisible();
    await expect(page.getByRole('table')).toHaveCount(0);
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /Queries|Pool|Audit/ })).toHaveCount(0);
  }
  const statuses = await tabs.askedAfter(moment);
  expect(statuses.length).toBeGreaterThanOrEqual(2);
  expect(new Set(statuses)).toEqual(new Set([403]));
  await tabs.close();
});
