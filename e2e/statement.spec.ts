import { connectToOwn } from '../test/console';
import { overflow, settle, violations } from './axe';
import { dataDir, expect, test } from './fixtures';

/** A statement that reads every assessment, with an anti-pattern in it. */
async function plant(name: string): Promise<void> {
  const client = await connectToOwn(dataDir());
  await client.query('analyze risk_assessments');
  for (let call = 0; call < 3; call += 1) await client.query(`select id as ${name} from risk_assessments a order by a.created_at desc, a.id desc limit 20 offset $1`, [call + 20_000]);
  await client.end();
}

test('a DBA goes from a list to the page of one statement: its text, figures, tables, what is wrong with it, and its plan', async ({ dba }) => {
  const name = `paged_${Date.now().toString(36)}`;
  await plant(name);
  await dba.goto('/queries?view=total');
  await dba.getByRole('searchbox').first().fill('offset $1');
  await dba.getByRole('row').filter({ hasText: 'risk_assessments a order by' }).first().getByRole('link').first().click();
  await dba.waitForURL((url) => url.pathname === '/queries/statement' && url.searchParams.has('queryid'));
  await expect(dba.getByRole('region', { name: 'Statement', exact: true }).first()).toContainText('from risk_assessments a');
  await expect(dba.getByRole('region', { name: 'Figures of the statement', exact: true }).getByRole('row').nth(1)).toContainText('%');
  await expect(dba.getByRole('region', { name: 'Tables that it names', exact: true })).toContainText('public.risk_assessments');
  const wrong = dba.getByRole('region', { name: 'Anti-patterns', exact: true });
  await expect(wrong).toContainText('Pages by OFFSET');
  await wrong.getByText('Evidence and remedy').first().click();
  await expect(wrong).toContainText('(a.created_at, a.id) <');
  await dba.getByRole('link', { name: 'Explain' }).first().click();
  await dba.waitForURL((url) => url.pathname === '/plans');
  await expect(dba.getByRole('list', { name: 'Nodes of the plan' })).toContainText('Limit');
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
    await plant('paged_for_axe');
    const { rows } = (await (await dba.request.get(`/api/queries/total?q=${encodeURIComponent('offset $1')}`)).json()) as { rows: { queryid: string; query: string }[] };
    await dba.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await dba.goto(`/queries/statement?queryid=${rows.find(({ query }) => query.includes('risk_assessments a'))?.queryid}`);
    await expect(dba.getByRole('region', { name: 'Tables that it names', exact: true })).toContainText('public.risk_assessments');
    await settle(dba);
    expect(await violations(dba)).toEqual([]);
    await dba.setViewportSize({ width: 390, height: 844 });
    expect(await overflow(dba)).toBe(0);
  });
}
