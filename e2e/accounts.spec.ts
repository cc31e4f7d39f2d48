import type { Page } from '@playwright/test';
import { expect, signInAt, test } from './fixtures';

// Making an account, signing in and changing a password each hash one, half a second of a core on purpose.
test.describe.configure({ timeout: 120_000 });

type Person = { id: string; name: string; email: string; password: string };

let made = 0;

/** A new account, made over HTTP by the administrator of this page. */
async function newPerson(admin: Page, role: 'viewer' | 'analyst' | 'dba'): Promise<Person> {
  made += 1;
  const name = `Person ${Date.now().toString(36)}${made}`;
  const person = { name, email: `${name.toLowerCase().replace(' ', '.')}@riskdesk.example`, role, password: 'a password of this test' };
  const answer = await write(admin, 'POST', '/api/users', person);
  const { id } = (await answer.json()) as { id: string };
  return { ...person, id };
}

/** As the page's own scripts would: with the origin that every write needs. */
async function write(page: Page, method: 'POST' | 'PATCH', path: string, data: unknown) {
  if (page.url() === 'about:blank') await page.goto('/account');
  const answer = await page.request.fetch(path, { method, data, headers: { origin: new URL(page.url()).origin } });
  expect(answer.ok(), await answer.text()).toBe(true);
  return answer;
}

const dialog = (page: Page) => page.getByRole('dialog');
const press = (page: Page, name: string) => dialog(page).getByRole('button', { name, exact: true }).click();
const shownOnce = async (page: Page, label: string): Promise<string> => (await dialog(page).getByRole('status', { name: label, exact: true }).textContent()) ?? '';
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const forbidden = 'Your role does not include this page';

test('an administrator creates a user, who signs in with the password that was shown once', async ({ admin, arrive }) => {
  const email = `new.${Date.now().toString(36)}@riskdesk.example`;
  await admin.goto('/users');
  await admin.getByRole('button', { name: 'New user' }).click();
  await expect(dialog(admin).getByLabel('E-mail')).toBeFocused();
  await press(admin, 'Create user');
  await expect(dialog(admin).getByText('must be an e-mail address')).toBeVisible();
  await expect(dialog(admin).getByLabel('E-mail')).toBeFocused();
  await dialog(admin).getByLabel('E-mail').fill('admin@riskdesk.example');
  await dialog(admin).getByLabel('Name').fill('New Person');
  await dialog(admin).getByLabel('Role').selectOption('analyst');
  await press(admin, 'Create user');
  await expect(dialog(admin).getByLabel('E-mail')).toHaveAccessibleDescription('Another account has this e-mail address.');
  await dialog(admin).getByLabel('E-mail').fill(email);
  await press(admin, 'Create user');
  const password = await shownOnce(admin, 'Password');
  expect(password).toMatch(/^(\w{4}-){4}\w{4}$/);
  await press(admin, 'I have copied it');
  await admin.getByRole('searchbox', { name: 'Search accounts' }).fill(email);
  await expect(admin.getByRole('row').filter({ hasText: email })).toContainText('Analyst');
  await expect(admin).toHaveURL(`/users?q=${encodeURIComponent(email)}`);
  await expect(admin.getByText(password)).toHaveCount(0);

  const person = await arrive(email, password);
  await person.goto('/account');
  await expect(person.getByText('Create, change and delete assessments')).toBeVisible();
});

test('S9: a new role holds at the next request', async ({ admin, arrive }) => {
  const { id, name, email, password } = await newPerson(admin, 'viewer');
  const person = await arrive(email, password);
  await person.goto('/audit');
  await expect(heading(person, forbidden)).toBeVisible();

  await admin.goto(`/users/${id}`);
  await admin.getByRole('button', { name: 'Edit' }).click();
  await dialog(admin).getByLabel('Role').selectOption('dba');
  await expect(dialog(admin).getByText('From the next request on')).toBeVisible();
  await press(admin, 'Save');
  await expect(admin.getByText(`${name} is changed`)).toBeVisible();
  await expect(admin.getByRole('region', { name: 'About the account' })).toContainText('DBA');

  await person.reload();
  await expect(heading(person, 'Audit log')).toBeVisible();
  await expect(person.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Users' })).toHaveCount(0);
});

test('S9: a disabled person is signed out at the next request, and can come back once enabled', async ({ admin, arrive, page }) => {
  const { id, name, email, password } = await newPerson(admin, 'analyst');
  const person = await arrive(email, password);
  await person.goto('/account');

  await admin.goto(`/users/${id}`);
  await admin.getByRole('button', { name: 'Disable' }).click();
  await expect(dialog(admin)).toContainText('1 open session ends at once.');
  await press(admin, 'Disable');
  await expect(admin.getByText('This account is disabled')).toBeVisible();
  await expect(admin.getByText('Not signed in anywhere')).toBeVisible();

  await person.getByRole('link', { name: 'Overview' }).first().click();
  await expect(person).toHaveURL(/\/sign-in/);
  await signInAt(page, email, password);
  await expect(page.getByText('This account is disabled')).toBeVisible();

  await admin.getByRole('button', { name: 'Enable' }).click();
  await press(admin, 'Enable');
  await expect(admin.getByText(`${name} is enabled`)).toBeVisible();
  await arrive(email, password);
});

test('S9: a reset password ends the sessions, and is the one that works', async ({ admin, arrive, page }) => {
  const { id, email, password } = await newPerson(admin, 'viewer');
  const person = await arrive(email, password);
  await person.goto('/account');

  await admin.goto(`/users/${id}`);
  await admin.getByRole('button', { name: 'Reset password' }).click();
  await expect(dialog(admin)).toContainText('1 open session ends at once.');
  await press(admin, 'Reset password');
  const given = await shownOnce(admin, 'New password');
  await press(admin, 'I have copied it');

  await person.getByRole('link', { name: 'Overview' }).first().click();
  await expect(person).toHaveURL(/\/sign-in/);
  await signInAt(page, email, password);
  await expect(page.getByText('E-mail or password is wrong.')).toBeVisible();
  await arrive(email, given);
});

test('S9: an administrator ends one session and revokes one token of somebody', async ({ admin, arrive }) => {
  const { id, email, password } = await newPerson(admin, 'viewer');
  const person = await arrive(email, password);
  await person.goto('/account');
  await write(person, 'POST', '/api/tokens', { name: 'of theirs', scopes: ['assessments:read'] });

  await admin.goto(`/users/${id}`);
  await admin.getByRole('button', { name: 'Revoke of theirs' }).click();
  await press(admin, 'Revoke token');
  await expect(admin.getByText('No API tokens')).toBeVisible();
  await admin.getByRole('button', { name: /^End the session of/ }).click();
  await press(admin, 'End session');
  await expect(admin.getByText('Not signed in anywhere')).toBeVisible();
  await person.getByRole('link', { name: 'Overview' }).first().click();
  await expect(person).toHaveURL(/\/sign-in/);
});

test('the last administrator stays one, and the page says why', async ({ admin }) => {
  await admin.goto('/users?role=admin');
  await admin.getByRole('link', { name: 'Demo Administrator' }).click();
  await admin.getByRole('button', { name: 'Disable' }).click();
  await press(admin, 'Disable');
  await expect(dialog(admin).getByRole('alert')).toHaveText('This is the last active administrator: make another one first.');
  await press(admin, 'Cancel');
  await admin.getByRole('button', { name: 'Edit' }).click();
  await dialog(admin).getByLabel('Role').selectOption('viewer');
  await press(admin, 'Save');
  await expect(dialog(admin).getByRole('alert')).toHaveText('This is the last active administrator: make another one first.');
});

test('a person makes a token, sees it once, uses it, revokes it, and it is worth nothing', async ({ admin, arrive, playwright, baseURL }) => {
  const { email, password } = await newPerson(admin, 'dba');
  const person = await arrive(email, password);
  await person.goto('/account');
  await person.getByRole('button', { name: 'New token' }).click();
  await expect(dialog(person).getByLabel('Manage accounts, their sessions and tokens')).toHaveCount(0);
  await press(person, 'Make token');
  await expect(dialog(person).getByText('Choose at least one.')).toBeVisible();
  await dialog(person).getByLabel('Name').fill('nightly');
  await dialog(person).getByLabel('Read the audit log').check();
  await press(person, 'Make token');
  const token = await shownOnce(person, 'Token nightly');
  expect(token).toMatch(/^rdt_[\w-]{43}$/);
  await press(person, 'I have copied it');
  await expect(person.getByRole('list', { name: 'Scopes of nightly' })).toHaveText('audit:read');
  await person.reload();
  await expect(person.getByText(`${token.slice(0, 8)}…`)).toBeVisible();
  expect(await person.content()).not.toContain(token);

  const program = await playwright.request.newContext({ ...(baseURL ? { baseURL } : {}), extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  expect((await program.get('/api/audit?limit=1')).status()).toBe(200);
  expect((await program.get('/api/queries/slow')).status()).toBe(403);
  await person.getByRole('button', { name: 'Revoke nightly' }).click();
  await press(person, 'Revoke token');
  await expect(person.getByText('No API tokens')).toBeVisible();
  expect((await program.get('/api/audit?limit=1')).status()).toBe(401);
  await program.dispose();
});

test('a person changes their password, and their other sessions end', async ({ admin, arrive }) => {
  const { email, password } = await newPerson(admin, 'viewer');
  const [here, elsewhere] = [await arrive(email, password), await arrive(email, password)];
  await here.goto('/account');
  await expect(here.getByRole('list', { name: 'Sessions' }).getByRole('listitem')).toHaveCount(2);
  await here.getByLabel('Current password').fill('not the password');
  await here.getByLabel('New password').fill('short');
  await here.getByRole('button', { name: 'Change password' }).click();
  await expect(here.getByText('must have at least 12 characters')).toBeVisible();
  await here.getByLabel('New password').fill('the next long password');
  await here.getByRole('button', { name: 'Change password' }).click();
  await expect(here.getByLabel('Current password')).toHaveAccessibleDescription('is not your current password');
  await here.getByLabel('Current password').fill(password);
  await here.getByRole('button', { name: 'Change password' }).click();
  await expect(here.getByText('Your password is changed')).toBeVisible();
  await expect(here.getByLabel('New password')).toHaveValue('');
  await expect(here.getByRole('list', { name: 'Sessions' }).getByRole('listitem')).toHaveCount(1);
  await elsewhere.goto('/account');
  await expect(elsewhere).toHaveURL(/\/sign-in/);
});

test('the audit log shows what was done to an account, and pages in both directions', async ({ admin, dba }) => {
  const { id, email } = await newPerson(admin, 'viewer');
  for (let n = 1; n <= 60; n += 1) await write(admin, 'PATCH', `/api/users/${id}`, { name: `Person ${n}` });
  await admin.goto(`/users/${id}`);
  await admin.getByRole('link', { name: 'What was done to the account' }).click();
  await expect(admin).toHaveURL(`/audit?object=user:${id}`);
  const rows = admin.locator('tr[data-row]');
  const details = (row: number) => rows.nth(row).getByRole('button', { name: 'Details' }).click();
  await expect(rows).toHaveCount(50);
  await details(0);
  await expect(admin.getByRole('definition').filter({ hasText: 'Person 60' })).toBeVisible();

  await admin.getByRole('button', { name: 'Older' }).click();
  await expect(admin).toHaveURL(/cursor=after-\d+/);
  await expect(rows).toHaveCount(11);
  await expect(rows.last()).toContainText('users.create');
  await expect(admin.getByRole('button', { name: 'Older' })).toBeDisabled();
  await details(10);
  await expect(admin.getByRole('definition').filter({ hasText: email })).toBeVisible();
  await admin.getByRole('button', { name: 'Newer' }).click();
  await expect(admin).toHaveURL(/cursor=before-\d+/);
  await expect(rows).toHaveCount(50);
  await admin.goBack();
  await expect(rows).toHaveCount(11);
  await admin.getByRole('button', { name: 'Newest' }).click();
  await expect(rows).toHaveCount(50);
  await expect(admin).not.toHaveURL(/cursor/);

  await dba.goto('/');
  await dba.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Audit log' }).click();
  await dba.getByLabel('Object').fill(`user:${id}`);
  await dba.getByLabel('Action').fill('users.create');
  await expect(dba.locator('tr[data-row]')).toHaveCount(1);
  await dba.getByLabel('To', { exact: true }).fill('2020-01-01');
  await expect(dba.getByText('Nothing matches')).toBeVisible();
  await dba.getByRole('button', { name: 'Clear the filters' }).click();
  await expect(dba).toHaveURL('/audit');
  await expect(dba.locator('tr[data-row]')).toHaveCount(50);
});

test('what is typed and chosen before the page has come alive counts', async ({ admin }) => {
  const { id } = await newPerson(admin, 'viewer');
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await admin.route('**/_next/static/**/*.js', async (route) => {
    await held;
    await route.continue();
  });
  await admin.goto('/audit', { waitUntil: 'commit' });
  // The page is streamed: until it is there whole, its bar may be put in anew.
  await admin.waitForFunction(() => document.readyState !== 'loading');
  await admin.getByLabel('Object').fill(`user:${id}`);
  await admin.getByLabel('Outcome').selectOption('success');
  release();
  await expect(admin.locator('tr[data-row]')).toHaveCount(1);
  await expect(admin).toHaveURL(/object=user/);
  await expect(admin).toHaveURL(/outcome=success/);
});

test('the audit log has the sign-ins that failed, and says so', async ({ admin, page }) => {
  const email = `nobody.${Date.now().toString(36)}@riskdesk.example`;
  await signInAt(page, email, 'not a password');
  await expect(page.getByText('E-mail or password is wrong.')).toBeVisible();
  await admin.goto(`/audit?actor=${email}&outcome=refused`);
  await expect(admin.locator('tr[data-row]')).toHaveCount(1);
  await expect(admin.locator('tr[data-row]')).toContainText('auth.sign_in');
});

test('an analyst sees neither users nor the audit log', async ({ analyst, admin }) => {
  const { id } = await newPerson(admin, 'viewer');
  for (const path of ['/users', `/users/${id}`, '/audit']) {
    await analyst.goto(path);
    await expect(heading(analyst, forbidden)).toBeVisible();
  }
  const menu = analyst.getByRole('navigation', { name: 'Main' });
  await expect(menu.getByRole('link', { name: 'Overview' })).toBeVisible();
  await expect(menu.getByRole('link', { name: /Users|Audit log/ })).toHaveCount(0);
});

test('an account that does not exist is not found', async ({ admin }) => {
  for (const id of ['01900000-0000-7000-8000-000000000000', 'nonsense']) {
    await admin.goto(`/users/${id}`);
    await expect(heading(admin, 'There is no such page')).toBeVisible();
  }
});
