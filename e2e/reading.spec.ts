import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import pg from 'pg';
import { declared } from '../lib/rooms';
import { rawRequest } from '../test/raw';
import { fingerprint } from '../test/security/fingerprint';
import { sessionCookie, signIn, startConsole, startProductServer, until, type Client } from '../test/server';

type Items = { items: { id: string }[] };

/** A job that has ended. */
async function endedJob(client: Client): Promise<string> {
  const wish = { params: { table: 'public.users' } };
  const { seal } = (await client('/api/tables/analyze?preview', { method: 'POST', body: wish })).body as { seal: string };
  const { jobId } = (await client('/api/tables/analyze', { method: 'POST', body: { ...wish, seal } })).body as { jobId: string };
  await until(async () => ((await client(`/api/jobs/${jobId}`)).body as { state: string }).state === 'succeeded');
  return jobId;
}

/** Every page of the build; where one is of a thing, of one that is there. */
async function pages(client: Client): Promise<string[]> {
  const ids: Record<string, string | undefined> = { maintenance: await endedJob(client) };
  for (const name of ['users', 'assessments']) ids[name] = ((await client(`/api/${name}`)).body as Items).items[0]?.id;
  const built = Object.values(JSON.parse(readFileSync('.next/app-path-routes-manifest.json', 'utf8')) as Record<string, string>);
  const own = built.filter((route) => !route.startsWith('/api/') && !route.startsWith('/_'));
  const found = own.flatMap((route) => (route === '/[room]' ? declared.map(({ room }) => room.path) : [route.replace('[id]', () => ids[route.split('/')[1] ?? ''] ?? 'none')]));
  return [...new Set(found)];
}

const asNext: Record<string, string>[] = [{ rsc: '1' }, { rsc: '1', 'next-router-prefetch': '1' }];

// On a database of its own: the other specs write to theirs meanwhile.
test('S4: every page as an administrator, with all that it loads, changes nothing but when the session was last used', async ({ browser }) => {
  test.setTimeout(240_000);
  const server = await startProductServer();
  const console = await startConsole(server.env);
  const db = new pg.Client(server.url(server.database));
  await db.connect();
  const looking = { sql: async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []) => (await db.query<T>(text, values)).rows };
  try {
    await until(async () => (await fetch(`${console.url}/api/health/ready`)).ok);
    const client = await signIn(console.url);
    await client('/api/assessments', { method: 'POST', body: { businessName: 'Read', riskScore: 0.4 } });
    const cookie = await sessionCookie(console.url);
    const context = await browser.newContext({ baseURL: console.url });
    const [name = '', value = ''] = cookie.split('=');
    await context.addCookies([{ name, value, url: console.url }]);
    const all = await pages(client);
    // Old enough to be written down at the next request, which the fingerprint leaves out by design.
    await db.query(`update sessions set updated_at = now() - interval '1 hour'`);
    // What was done to get here is signed a moment later, by nobody's reading.
    await until(async () => (await looking.sql('select from riskdesk.audit_log where position > (select coalesce(max(position), 0) from riskdesk.audit_checkpoints)')).length === 0);
    const before = await fingerprint(looking);
    const seen: number[] = [];
    const methods = new Set<string>();
    context.on('request', (request) => methods.add(request.method()));
    const page = await context.newPage();
    for (const path of all) {
      seen.push((await page.goto(path))?.status() ?? 0);
      await page.waitForLoadState('networkidle');
      // As Next's own client asks, ahead of a click and at one, and without the body.
      for (const headers of asNext) seen.push((await rawRequest(console.url, 'GET', path, { cookie, ...headers })).status);
      seen.push((await rawRequest(console.url, 'HEAD', path, { cookie })).status);
    }
    expect(await fingerprint(looking)).toEqual(before);
    expect(seen.length).toBeGreaterThan(40);
    expect(new Set(seen)).toEqual(new Set([200, 307]));
    expect([...methods]).toEqual(['GET']);
    expect((await db.query(`select from sessions where updated_at > now() - interval '30 minutes'`)).rowCount).toBe(1);
    await context.close();
    await client('/api/assessments', { method: 'POST', body: { businessName: 'Written', riskScore: 0.4 } });
    expect(await fingerprint(looking)).not.toEqual(before);
  } finally {
    console.signal('SIGKILL');
    await console.ended;
    await db.end();
    await server.dispose();
  }
});
