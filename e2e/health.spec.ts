import { expect, test } from './fixtures';

test('the console is up, and its demo accounts have the roles that their names say', async ({ analyst, dba, admin, request }) => {
  expect((await request.get('/api/health/live')).status()).toBe(200);
  for (const [role, page] of Object.entries({ analyst, dba, admin })) {
    const answer = await page.request.get('/api/auth/get-session');
    expect(await answer.json()).toMatchObject({ user: { email: `${role}@riskdesk.example`, role } });
  }
});
