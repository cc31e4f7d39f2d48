import { connectToOwn } from '../test/console';
import { overflow, settle, violations } from './axe';
import { dataDir, expect, test } from './fixtures';

const part = 'not in (select a.business_address';

/** A statement that returns nothing at all as soon as one address is unknown. */
async function plant(): Promise<void> {
  const client = await connectToOwn(dataDir());
  for (let call = 0; call < 3; call += 1) await client.query(`select u.id from users u where u.name ${part} from risk_assessments a where a.risk_score > $1)`, [call / 10]);
  await client.end();
}

test('a DBA goes from a list to the page of one statement: its text, figures, tables, what is wrong with it, and its plan', async ({ dba }) => {
  await plant();
  await dba.goto(`/queries?view=total&q=${encodeURIComponent(part)}`);
  await dba.getByRole('row').filter({ hasText: part }).first().getByRole('link').first().click();
  await dba.waitForURL((url) => url.pathname === '/queries/statement' && url.searchParams.has('queryid'));
  await expect(dba.getByRole('region', { name: 'Statement', exact: true }).first()).toContainText('from users u');
  await expect(dba.getByRole('region', { name: 'Figures of the statement', exact: true }).getByRole('row').nth(1)).toContainText('%');
  const tables = dba.getByRole('region', { name: 'Tables that it names', exact: true });
  await expect(tables).toContainText('public.risk_assessments');
  await expect(tables).toContainText('public.users');
  const wrong = dba.getByRole('region', { name: 'Anti-patterns', exact: true });
  await expect(wrong).toContainText('gives one NULL, no row is returned');
  await wrong.getByText('Evidence and remedy').first().click();
  await expect(wrong).toContainText('a.business_address = u.name');
  await dba.getByRole('link', { name: 'Explain' }).first().click();
  await dba.waitForURL((url) => url.pathname === '/plans');
  await expect(dba.getByRole('list', { name: 'Nodes of the plan' })).toContainText('users');
});

test('a statement that is not there is said to be gone, not to cost nothing', async ({ dba }) => {
  await dba.goto('/queries/statement?queryid=1');
  await expect(dba.getByText('pg_stat_statements does not hold this statement')).toBeVisible();
  await expect(dba.getByRole('region', { name: 'Figures of the statement', exact: true })).toHaveCount(0);
});

test('an analyst does not see it', async ({ analyst }) => {
  expect((await analyst.goto('/queries/statement?queryid=1'))?.status()).toBe(403);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on a statement, and it fits a phone, ${colorScheme}`, async ({ dba }) => {
    await plant();
    const { rows } = (await (await dba.request.get(`/api/queries/total?q=${encodeURIComponent(part)}`)).json()) as { rows: { queryid: string }[] };
    await dba.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await dba.goto(`/queries/statement?queryid=${rows[0]?.queryid}`);
    await expect(dba.getByRole('region', { name: 'Tables that it names', exact: true })).toContainText('public.risk_assessments');
    await settle(dba);
    expect(await violations(dba)).toEqual([]);
    await dba.setViewportSize({ width: 390, height: 844 });
    expect(await overflow(dba)).toBe(0);
  });
}
