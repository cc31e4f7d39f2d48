import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { declared } from '../lib/rooms';
import { rawRequest, type RawAnswer } from '../test/raw';
import { adminHeaders, asAdmin, expect, newAccount, policyViolations, test } from './fixtures';

type Items = { items: { id: string }[] };

/** Every page of the build with something in it, and what is shown in the place of one. */
async function pages(): Promise<string[]> {
  const built = Object.values(JSON.parse(readFileSync('.next/app-path-routes-manifest.json', 'utf8')) as Record<string, string>);
  const [users, assessments] = [await asAdmin<Items>('/api/users'), await asAdmin<Items>('/api/assessments?limit=1')];
  const ids: Record<string, string | undefined> = { users: users.items[0]?.id, assessments: assessments.items[0]?.id };
  const own = built.filter((route) => !route.startsWith('/api/') && !route.startsWith('/_') && route !== '/icon.svg');
  const found = own.flatMap((route) => (route === '/[room]' ? declared.map(({ room }) => room.path) : [route.replace('[id]', ids[route.split('/')[1] ?? ''] ?? 'none')]));
  return [...new Set([...found, '/no-such-page', '/no-such/page', '/users/none', '/looks-like.png', '/looks-like.txt', '/_next/nothing', '/_next/staticky', '/api', '/users.rsc'])];
}

const everywhere: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};

const policyOf = ({ headers }: RawAnswer) => new Map((headers['content-security-policy'] ?? '').split(';').map((directive) => directive.trim().split(' ')).map(([name = '', ...values]) => [name, values]));
const noncesOf = ({ body }: RawAnswer) => new Set([...body.matchAll(/<script\b([^>]*)>/g)].map(([, attributes = '']) => /\bnonce="([^"]*)"/.exec(attributes)?.[1] ?? 'none'));

/** What is wrong with a page's headers and the scripts in it. */
function faults(path: string, answer: RawAnswer): string[] {
  const policy = policyOf(answer);
  const scripts = policy.get('script-src') ?? [];
  const nonce = scripts.find((source) => source.startsWith("'nonce-"))?.slice(7, -1);
  const missing = Object.entries(everywhere).filter(([name, value]) => answer.headers[name] !== value).map(([name]) => name);
  const strange = [...noncesOf(answer)].filter((found) => found !== nonce);
  return [
    ...missing,
    ...(nonce && nonce.length >= 20 ? [] : ['no nonce']),
    ...scripts.filter((source) => /unsafe|\*|^https?:|data:|blob:/.test(source)),
    ...(['object-src', 'base-uri', 'frame-ancestors'].filter((name) => policy.get(name)?.join() !== "'none'")),
    ...(policy.get('default-src')?.join() === "'self'" ? [] : ['default-src']),
    ...strange.map((found) => `a script with nonce ${found}`),
  ].map((fault) => `${path} (${answer.status}): ${fault}`);
}

const roles = { nobody: async () => ({}), viewer: async () => (await newAccount('viewer')).headers, admin: async () => adminHeaders() };

for (const [role, headersOf] of Object.entries(roles)) {
  test(`S15: the headers of every page, as ${role}`, async ({ baseURL }) => {
    const headers: Record<string, string> = await headersOf();
    const wrong: string[] = [];
    const seen = new Set<number>();
    for (const path of await pages()) {
      const answer = await rawRequest(baseURL ?? '', 'GET', path, headers);
      seen.add(answer.status);
      wrong.push(...faults(path, answer));
    }
    expect(wrong).toEqual([]);
    expect([...seen].toSorted()).toEqual({ nobody: [200, 307, 404], viewer: [200, 307, 403, 404], admin: [200, 307, 404] }[role]);
  });
}

test('S15: the headers of the API, whatever it answers', async ({ baseURL }) => {
  for (const [method, path, status] of [['GET', '/api/assessments', 401], ['GET', '/api/health/live', 200], ['GET', '/api/nothing', 404], ['PUT', '/api/users', 405], ['TRACE', '/api/users', 405], ['GET', '/api/%E0%A4%A', 404]] as const) {
    const { status: got, headers } = await rawRequest(baseURL ?? '', method, path);
    expect({ path, status: got, ...headers }).toMatchObject({ path, status, ...everywhere, 'content-security-policy': "default-src 'none'; frame-ancestors 'none'", 'cache-control': 'no-store' });
  }
});

test('S15: a policy or nonce that the request brings along is not used (CVE-2026-44581)', async ({ baseURL }) => {
  const evil = 'ZXZpbGV2aWxldmlsZXZpbA==';
  const policy = `script-src 'nonce-${evil}' 'unsafe-inline'`;
  const answers: RawAnswer[] = [];
  const inbound: Record<string, string>[] = [{ 'content-security-policy': policy }, { 'content-security-policy-report-only': policy }, { 'x-nonce': evil }, { 'content-security-policy': `script-src 'nonce-"><script>alert(1)</script>'` }];
  for (const brought of inbound) {
    for (const path of ['/', '/sign-in', '/no-such-page', '/looks-like.png']) {
      const answer = await rawRequest(baseURL ?? '', 'GET', path, { ...adminHeaders(), ...brought });
      expect(JSON.stringify(answer)).not.toMatch(/ZXZpbGV2|alert\(1\)/);
      expect(faults(path, answer)).toEqual([]);
      answers.push(answer);
    }
  }
  const nonces = answers.map((answer) => policyOf(answer).get('script-src')?.find((source) => source.startsWith("'nonce-")));
  expect(new Set(nonces).size).toBe(answers.length);
});

/** What the browser writes on its console. */
function consoleErrors(page: Page): string[] {
  const reports: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) reports.push(message.text());
  });
  page.on('pageerror', (error) => reports.push(error.message));
  return reports;
}

/** The browser itself notes the status of a page that is not there; that is what the page says. */
const isOwnStatus = (report: string) => report.startsWith('Failed to load resource: the server responded with a status of 404');

// What violates the policy is seen by the fixture.
test('S15: Chromium reports no violation and no error on any page', async ({ admin }) => {
  test.setTimeout(180_000);
  const reports = consoleErrors(admin);
  for (const path of (await pages()).filter((one) => !one.endsWith('.rsc'))) {
    const answer = await admin.goto(path);
    await admin.waitForLoadState('networkidle');
    const unexpected = answer?.status() === 404 ? reports.filter((report) => !isOwnStatus(report)) : reports;
    expect(unexpected.map((report) => `${path}: ${report}`)).toEqual([]);
    reports.length = 0;
  }
});

test('S15: Chromium reports a script that the policy does not allow', async ({ page, context }) => {
  const violations = await policyViolations(context);
  await page.goto('/sign-in');
  await page.evaluate(() => document.body.insertAdjacentHTML('beforeend', '<button id="planted" onclick="window.ran = true">Planted</button>'));
  await page.locator('#planted').evaluate((button: HTMLElement) => button.click());
  await expect.poll(() => violations.join()).toContain('script-src-attr inline');
  expect(await page.evaluate(() => 'ran' in window)).toBe(false);
});
