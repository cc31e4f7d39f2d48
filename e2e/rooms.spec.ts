import type { BrowserContext, Locator, Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { declared } from '../lib/rooms';
import type { FindingsAnswer } from '../lib/kit/result';
import { sessionCookie, until } from '../test/server';
import { overflow, settle, violations } from './axe';
import { policyViolations } from './fixtures';
import { names, plant, quoted, secret, type Planted } from './planted';

test.describe.configure({ mode: 'serial', timeout: 120_000 });

type Problem = {
  room: string;
  code: string;
  /** The question where its row is. */
  view: string;
  about: () => string;
  /** The sentence, up to where it goes on. */
  says: RegExp;
  /** What names the object in its row; null where there is no row of it. */
  row: (() => string) | null;
};

const problems: Problem[] = [
  { room: 'Tables', code: 'tables.vacuum_overdue', view: 'vacuum', about: () => `public.${names.dead}`, says: /^18,000 dead rows, autovacuum comes at/, row: () => `public.${names.dead}` },
  { room: 'Indexes', code: 'indexes.redundant', view: 'redundant', about: () => `public.${quoted(names.index)}`, says: /does all of its work/, row: () => `public.${quoted(names.index)}` },
  { room: 'Indexes', code: 'indexes.missing_fk', view: 'missing_fk', about: () => `public.${names.child}`, says: /has no index: each delete in/, row: () => `public.${names.child}` },
  { room: 'Indexes', code: 'indexes.invalid', view: 'invalid', about: () => `public.${names.invalid}`, says: /did not finish, or its build failed/, row: () => `public.${names.invalid}` },
  { room: 'Partitions', code: 'partitions.default_rows', view: 'default_rows', about: () => `public.${names.fallback}`, says: /^700 rows of public\.planted_parted_\w+ found no partition/, row: () => `public.${names.fallback}` },
  { room: 'Partitions', code: 'partitions.runway', view: 'runway', about: () => `public.${names.ahead}`, says: /^From .* on, in .*, new rows are refused/, row: () => `public.${names.ahead}` },
  { room: 'Locks & activity', code: 'locks.blocker', view: 'blocking', about: () => `pid ${planted.blockerPid}`, says: new RegExp(`^Blocks one session, the longest for .*: ${names.blocker} has been idle in its transaction`), row: () => String(planted.blockerPid) },
  { room: 'Pool', code: 'pool.role_limit', view: 'server', about: () => names.role, says: /has 2 of the 2 connections that its CONNECTION LIMIT allows/, row: () => names.role },
  { room: 'Replication', code: 'replication.slot_at_risk', view: 'slots', about: () => names.slot, says: /^Keeps \d+.* MB of WAL/, row: () => names.slot },
  { room: 'Configuration', code: 'config.pending_restart', view: 'settings', about: () => 'max_connections', says: /^One setting has been changed and takes effect only with the next restart/, row: () => 'max_connections' },
  { room: 'Configuration', code: 'config.unsafe', view: 'advice', about: () => 'fsync', says: /^fsync is off, advised is on/, row: () => 'fsync' },
];

let planted: Planted;
let context: BrowserContext;
let page: Page;
let clicks = 0;
let reports: string[];

test.beforeAll(async ({ browser }) => {
  test.setTimeout(120_000);
  planted = await plant();
  const { url } = planted.console;
  const wanted = problems.map(({ code, about }) => `${code} ${about()}`);
  await until(async () => {
    const { items } = (await planted.client('/api/findings')).body as FindingsAnswer;
    const found = new Set(items.map(({ code, about }) => `${code} ${about}`));
    return wanted.every((one) => found.has(one));
  }, 500);
  context = await browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', permissions: ['clipboard-read', 'clipboard-write'] });
  reports = await policyViolations(context);
  const [name = '', value = ''] = (await sessionCookie(url)).split('=');
  await context.addCookies([{ name, value, url }]);
  await context.exposeFunction('countClick', () => void (clicks += 1));
  await context.addInitScript(() => {
    document.addEventListener('click', (event) => event.isTrusted && (window as unknown as { countClick: () => void }).countClick(), true);
  });
  page = await context.newPage();
});

test.afterAll(async () => {
  await context?.close();
  await planted?.dispose();
});

/** From the overview to one finding in its room: the room, where needed the rest of its list, the finding. */
async function goTo({ room, about, says }: Problem): Promise<void> {
  await page.goto('/');
  clicks = 0;
  const findings = page.getByRole('list', { name: 'Findings' });
  await expect(findings).toBeVisible();
  await page.getByRole('list', { name: 'Rooms' }).getByRole('button', { name: new RegExp(`^${room}`) }).click();
  const subject = findings.getByRole('listitem').filter({ has: page.getByTitle(about(), { exact: true }) }).filter({ has: page.getByText(says) }).getByRole('link');
  const more = page.getByRole('button', { name: /^Show \d+ more/ });
  if ((await subject.count()) === 0) await more.click();
  await subject.click();
}

for (const problem of problems) {
  test(`from the overview to ${problem.code} in ${problem.room} in at most three clicks`, async () => {
    await goTo(problem);
    await expect(page).toHaveURL((url) => url.searchParams.get('view') === problem.view && url.searchParams.get('about') === problem.about());
    const finding = page.getByRole('listitem').and(page.locator('[aria-current]')).filter({ has: page.getByText(problem.says) });
    await expect(finding).toHaveCount(1);
    expect(await finding.locator('[title]').first().getAttribute('title')).toBe(problem.about());
    const row = page.locator('tr[aria-current]').first();
    await expect(row).toBeVisible();
    if (problem.row) expect(await row.locator('td').allTextContents()).toContain(problem.row());
    expect(clicks, 'clicks').toBeLessThanOrEqual(3);
    expect(clicks, 'clicks are counted').toBeGreaterThanOrEqual(2);
  });
}

test('many findings of one kind are one line of the overview, which leads to all of them', async () => {
  await page.goto('/');
  const findings = page.getByRole('list', { name: 'Findings' });
  await expect(findings.getByRole('listitem').first()).toBeVisible();
  const more = page.getByRole('button', { name: /^Show \d+ more/ });
  if (await more.isVisible()) await more.click();
  await findings.getByRole('listitem').filter({ has: page.getByText('does all of its work') }).getByRole('button', { name: '40 more like this' }).click();
  await expect(page).toHaveURL('/?room=Indexes');
  await expect(findings.getByRole('listitem')).toHaveCount(25);
  await more.click();
  await expect(findings.getByRole('listitem').filter({ has: page.getByText('does all of its work') })).toHaveCount(41);
});

test('F12: an index with a hostile name is shown as text, and its remedy drops that index', async () => {
  const redundant = problems.find(({ code }) => code === 'indexes.redundant') as Problem;
  await goTo(redundant);
  const finding = page.getByRole('listitem').and(page.locator('[aria-current]'));
  await finding.getByText('Evidence and remedy').click();
  await page.locator('tr[aria-current]').first().getByRole('button', { name: 'Details' }).click();
  await settle(page);
  expect(await page.locator('.evil, main script:not([nonce])').count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1440, height: 900 });
  await finding.getByRole('button', { name: 'Drop an index …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Drop an index' });
  await dialog.getByRole('button', { name: 'Copy' }).first().click();
  await expect(dialog.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`DROP INDEX CONCURRENTLY IF EXISTS "public".${quoted(names.index)}`);
  await settle(page);
  expect(await violations(page)).toEqual([]);
  // A line break cannot be typed into a field of one line.
  await dialog.getByLabel(/^Type /).fill(`public.${quoted(names.index)}`.replace('\n', ''));
  await dialog.getByRole('button', { name: 'Drop an index' }).click();
  await expect(dialog).toContainText(/succeeded/i, { timeout: 20_000 });
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const left = await planted.run(`select relname from pg_class where relkind = 'i' and relnamespace = 'public'::regnamespace and (relname like '-%' or relname like '%drop%')`);
  expect(left.rows.map(({ relname }: { relname: string }) => relname)).not.toContain(names.index);
  expect(left.rowCount).toBe(1);
  await page.getByRole('button', { name: 'Measure Redundant now' }).click();
  await expect(page.locator('tr[data-row]').filter({ hasText: 'class=evil' })).toHaveCount(0);
});

test('F12: a search for a hostile name finds its table in each question that has it', async () => {
  // Behind the quote, which is doubled where the name is shown as SQL.
  const part = names.indexed.slice(names.indexed.indexOf('"') + 1, 40);
  for (const path of ['/tables?view=size', '/indexes?view=usage']) {
    await page.goto(`${path}&q=${encodeURIComponent(part)}`);
    const row = page.locator('tr[data-row]').first();
    await expect(row).toContainText('<b class=evil>');
    await expect(page.getByRole('searchbox')).toHaveValue(part.replace('\n', ''));
  }
});

test('at 1440 pixels no table scrolls sideways, with names of 63 bytes in it', async () => {
  const questions = declared.flatMap(({ room, diagnostics }) => diagnostics.filter(({ concerns }) => !concerns).map(({ name }) => `${room.path}?view=${name}`));
  test.setTimeout(30_000 + questions.length * 4000);
  const wide: string[] = [];
  for (const path of questions) {
    await page.goto(path);
    await settle(page);
    const by = await page.locator('section[aria-label$=", rows"]').evaluateAll((tables) => Math.max(0, ...tables.map((table) => table.scrollWidth - table.clientWidth)));
    if (by > 0) wide.push(`${path}: ${by} px`);
  }
  expect(wide).toEqual([]);
});

test('who blocks whom is a tree: who waits stands under the session that it waits for', async () => {
  await page.goto('/locks?view=blocking');
  const root = page.locator('tr[data-row]').filter({ hasText: String(planted.blockerPid) }).first();
  await expect(root.locator('td[data-label="Session"]')).toHaveText(String(planted.blockerPid));
  await expect(page.locator('tr[data-row] td[data-label="Session"]').filter({ hasText: /^Level 1: \d+$/ })).not.toHaveCount(0);
});

test('F13: a password that a statement sets is shown nowhere, though the statement is', async () => {
  test.setTimeout(180_000);
  const bodies: { url: string; text: string }[] = [];
  const pending: Promise<unknown>[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.startsWith('/api/')) pending.push(response.text().then((text) => bodies.push({ url: response.url(), text }), () => null));
  });
  const lists = declared.flatMap(({ room, diagnostics }) => diagnostics.filter(({ row }) => Object.values(row).some(({ unit }) => unit === 'sql')).map(({ name }) => `${room.path}?view=${name}`));
  const seen: string[] = [];
  for (const path of ['/', ...lists, '/queries?view=calls&q=ALTER+ROLE', `/locks?view=activity&q=${planted.secretPid}`, '/audit']) {
    await page.goto(path);
    await settle(page);
    const html = await page.content();
    if (html.includes(secret)) seen.push(path);
    if (/q=ALTER|activity&q/.test(path)) await expect(page.locator('tr[data-row]').filter({ hasText: `alter role ${names.role} password '…'` })).not.toHaveCount(0);
  }
  await Promise.all(pending);
  expect(seen).toEqual([]);
  expect(bodies.filter(({ text }) => text.includes(secret)).map(({ url }) => url)).toEqual([]);
  expect(bodies.length).toBeGreaterThan(lists.length);
  expect(planted.console.output()).not.toContain(secret);
  // The statement is there to be seen: the server itself has it word for word.
  expect((await planted.run(`select 1 from pg_stat_activity where query like '%${secret}%' and pid = ${planted.secretPid}`)).rowCount).toBe(1);
});

test('measuring bloat says what it costs first, and asks only on the click', async () => {
  const asked: string[] = [];
  page.on('request', (request) => request.url().includes('/api/tables/bloat_exact') && asked.push(request.url()));
  await page.goto(`/tables?view=bloat_exact&table=public.${names.measured}`);
  await settle(page);
  await expect(page.getByText('up to its whole size is read from disk into the buffer cache')).toBeVisible();
  expect(asked).toEqual([]);
  await page.getByRole('button', { name: 'Measure now', exact: true }).click();
  const row = page.getByRole('row').filter({ hasText: names.measured }).first();
  await expect(row).toContainText('kB');
  expect(asked).toHaveLength(1);
  // Another question costs another scan: it waits for another click.
  await page.getByLabel('Table or index').fill(`public.${names.dead}`);
  await page.getByLabel('Table or index').press('Enter');
  await expect(page.getByRole('button', { name: 'Measure now', exact: true })).toBeVisible();
  expect(asked).toHaveLength(1);
});

/** The action that a finding offers as its remedy, in its dialog. */
async function remedyOf(finding: Locator, title: string): Promise<Locator> {
  await finding.getByText('Evidence and remedy').click();
  await finding.getByRole('button', { name: `${title} …` }).click();
  return page.getByRole('dialog', { name: title });
}

/** From a finding on the overview through its remedy: the dialog of the action, run to its end or refused. */
async function openRemedy(problem: Problem, title: string): Promise<Locator> {
  await goTo(problem);
  return remedyOf(page.getByRole('listitem').and(page.locator('[aria-current]')).filter({ has: page.getByText(problem.says) }), title);
}

async function runToItsEnd(dialog: Locator, title: string): Promise<void> {
  await expect(dialog.getByRole('button', { name: title })).toBeEnabled();
  await dialog.getByRole('button', { name: title }).click();
  await expect(dialog).toContainText(/succeeded/i, { timeout: 30_000 });
  await dialog.getByRole('button', { name: 'Close' }).last().click();
}

const findingOf = ({ says, about }: Pick<Problem, 'says' | 'about'>, list = page.getByRole('list', { name: 'Findings' })) => list.getByRole('listitem').filter({ has: page.getByTitle(about(), { exact: true }) }).filter({ has: page.getByText(says) });

const mends: { code: string; title: string; /** What is filled in first. */ fill?: [label: string, value: string] }[] = [
  { code: 'tables.vacuum_overdue', title: 'Vacuum a table' },
  // The blocked statement is an old snapshot, for which a build would wait: the blocker goes first.
  { code: 'locks.blocker', title: 'End the session' },
  { code: 'indexes.missing_fk', title: 'Create an index' },
  { code: 'indexes.invalid', title: 'Drop what is left of a build' },
  { code: 'partitions.default_rows', title: 'Move rows out of DEFAULT' },
  { code: 'partitions.runway', title: 'Create partitions ahead', fill: ['Periods ahead', '20'] },
];

for (const { code, title, fill } of mends) {
  test(`${code} is mended from its finding, and is found no longer`, async () => {
    const problem = problems.find((one) => one.code === code) as Problem;
    const dialog = await openRemedy(problem, title);
    if (fill) await dialog.getByLabel(fill[0]).fill(fill[1]);
    await runToItsEnd(dialog, title);
    await expect(async () => {
      await page.goto(`/?room=${encodeURIComponent(problem.room)}`);
      await expect(page.getByRole('list', { name: 'Findings' }).getByRole('listitem').or(page.getByText(/^Nothing (found in|needs attention)/)).first()).toBeVisible();
      await expect(findingOf(problem)).toHaveCount(0, { timeout: 1000 });
    }).toPass({ timeout: 30_000 });
  });
}

/** Found from a threshold on that a person sets: this server's counters are minutes old, its indexes small. */
const asked: { code: string; view: string; panel: string; set: [label: string, value: string]; title: string; index: string; says: RegExp; measured: RegExp | null }[] = [
  { code: 'indexes.unused', view: 'unused', panel: 'Unused', set: ['Counted for at least (days)', '0'], title: 'Drop an index', index: names.unused, says: /^Not scanned once in .* scanned 1\d\d times/, measured: null },
  { code: 'indexes.bloat', view: 'bloat', panel: 'Bloat (B-tree)', set: ['Finding from', '1 MB'], title: 'Rebuild an index', index: names.bloated, says: /^A rebuild would give back/, measured: /^0 B$/ },
];

for (const { code, view, panel, set, title, index, says, measured } of asked) {
  test(`${code} is found with a threshold that a person sets, mended from its finding, and found no longer`, async () => {
    const about = `public.${index}`;
    const row = page.locator('tr[data-row]').filter({ has: page.getByText(about, { exact: true }) });
    await page.goto(`/indexes?view=${view}`);
    await page.getByRole('textbox', { name: set[0] }).fill(set[1]);
    const finding = findingOf({ says, about: () => about }, page.getByRole('list', { name: `Findings: ${panel}` }));
    const more = page.getByRole('button', { name: /^Show \d+ more/ });
    await expect(finding.or(more)).not.toHaveCount(0);
    if ((await finding.count()) === 0) await more.click();
    const dialog = await remedyOf(finding, title);
    if (title.startsWith('Drop')) await dialog.getByLabel(/^Type /).fill(about);
    await runToItsEnd(dialog, title);
    // Measured again by itself.
    await expect(finding).toHaveCount(0);
    if (measured) await expect(row.locator('td[data-label="At least"]')).toHaveText(measured);
    else await expect(row).toHaveCount(0);
  });
}

const refusals: [code: string, title: string, says: RegExp][] = [
  ['config.unsafe', 'Change a setting', /GRANT ALTER SYSTEM ON PARAMETER/],
];

for (const [code, title, says] of refusals) {
  test(`${code}: what the role lacks for its remedy is said before anything runs`, async () => {
    const dialog = await openRemedy(problems.find((one) => one.code === code) as Problem, title);
    await expect(dialog).toContainText(says);
    await expect(dialog.getByRole('button', { name: title })).toBeDisabled();
  });
}

test('S15: none of it is against the policy', () => {
  expect(reports).toEqual([]);
});
