import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test as base, type Browser, type BrowserContext, type Page } from '@playwright/test';
import type { Role } from '../lib/kit/permission';
import type { RolePasswords } from '../scripts/postgres/roles';
import { databaseEnvironment } from '../scripts/supervisor/own-database';
import { passwordOf, sessionFile, type DemoRole } from '../test/console';

function fromSetup(name: 'E2E_URL' | 'E2E_DATA_DIR'): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is set by the global setup, which has not run.`);
  return value;
}

/** For specs that sign in themselves: what a person would have read at the first start. */
export function credentialsOf(role: DemoRole): { email: string; password: string } {
  return { email: `${role}@riskdesk.example`, password: passwordOf(role, fromSetup('E2E_DATA_DIR')) };
}

export const metricsToken = 'metrics-token-of-the-tests';

/** The file in which the console keeps the passwords of its own server, for tests that plant something in it. */
export const dataDir = () => fromSetup('E2E_DATA_DIR');

/** What a second console on the same database has in its environment; it knows the same sessions. */
export function consoleEnvironment(): Record<string, string> {
  const { port, passwords } = JSON.parse(readFileSync(join(dataDir(), 'postgres.json'), 'utf8')) as { port: number; passwords: RolePasswords };
  return { ...databaseEnvironment(port, passwords), AUTH_SECRET: readFileSync(join(dataDir(), 'auth-secret'), 'utf8').trim() };
}

async function send(path: string, headers: Record<string, string>, body?: unknown): Promise<Response> {
  const url = fromSetup('E2E_URL');
  const payload = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${url}${path}`, { headers: { origin: url, 'content-type': 'application/json', ...headers }, ...payload });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** The headers of a request by the administrator, whose session all specs share: nothing may end it. */
export function adminHeaders(): Record<string, string> {
  const { cookies } = JSON.parse(readFileSync(sessionFile('admin', dataDir()), 'utf8')) as { cookies: { name: string; value: string }[] };
  return { origin: fromSetup('E2E_URL'), cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') };
}

export async function asAdmin<T>(path: string, body?: unknown): Promise<T> {
  return (await (await send(path, adminHeaders(), body)).json()) as T;
}

export type Account = { id: string; email: string; password: string; headers: Record<string, string> };

/** An account of a spec's own, signed in: its session may be ended and its role changed. */
export async function newAccount(role: Role): Promise<Account> {
  const credentials = { email: `${role}-${randomBytes(4).toString('hex')}@riskdesk.example`, password: 'a password of the specs' };
  const { id } = await asAdmin<{ id: string }>('/api/users', { ...credentials, name: role, role });
  const answer = await send('/api/auth/sign-in/email', {}, credentials);
  const cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  return { id, ...credentials, headers: { origin: fromSetup('E2E_URL'), cookie } };
}

/** What the browser reports against the policy of any page of this context. */
export async function policyViolations(context: BrowserContext): Promise<string[]> {
  const reports: string[] = [];
  await context.exposeFunction('reportViolation', (what: string) => void reports.push(what));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, documentURI }) => {
      (window as unknown as { reportViolation: (what: string) => void }).reportViolation(`${documentURI}: ${violatedDirective} ${blockedURI}`);
    });
  });
  return reports;
}

/** S15: whatever a spec does on these pages, the browser has nothing to report. */
async function signedIn(browser: Browser, role: DemoRole, use: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ baseURL: fromSetup('E2E_URL'), storageState: sessionFile(role, fromSetup('E2E_DATA_DIR')) });
  const violations = await policyViolations(context);
  await use(await context.newPage());
  await context.close();
  expect(violations, 'S15: violations of the Content-Security-Policy').toEqual([]);
}

/** Types e-mail and password into the sign-in page. Few tests should: sign-ins are limited. */
export async function signInAt(page: Page, email: string, password: string): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

type SignedIn = { analyst: Page; dba: Page; admin: Page; /** Somebody else signs in, in a browser of their own. */ arrive: (email: string, password: string) => Promise<Page> };

/** `page` is signed out; `analyst`, `dba` and `admin` are pages of their own, signed in. */
export const test = base.extend<SignedIn>({
  // Playwright insists on the empty pattern.
  // oxlint-disable-next-line no-empty-pattern
  baseURL: async ({}, use) => use(fromSetup('E2E_URL')),
  analyst: async ({ browser }, use) => signedIn(browser, 'analyst', use),
  dba: async ({ browser }, use) => signedIn(browser, 'dba', use),
  admin: async ({ browser }, use) => signedIn(browser, 'admin', use),
  arrive: async ({ browser }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (email, password) => {
      const context = await browser.newContext({ baseURL: fromSetup('E2E_URL') });
      contexts.push(context);
      const page = await context.newPage();
      await signInAt(page, email, password);
      await page.waitForURL((url) => url.pathname === '/');
      return page;
    });
    for (const context of contexts) await context.close();
  },
});

export { expect };
