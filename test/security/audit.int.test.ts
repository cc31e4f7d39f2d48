import { expect, test } from 'vitest';
import { endpoints } from '@/app/api/endpoints';
import type { Verification } from '@/lib/rooms/maintenance/verification';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { addSession, usePeople } from '@/test/people';
import { exampleOf, examples, exampleTarget } from './examples';

const db = await useDatabase();
exampleTarget(db);
const people = await usePeople(db);
const { admin, viewer } = people;
const known = examples(db, people, { cookie: admin.cookie });
const mutations = endpoints.filter(({ method }) => method !== 'GET').map(({ method, path, access }) => ({ method, path, access, route: `${method} ${path}` }));

type Row = { action: string; outcome: string; actor: string };

async function audited(work: () => Promise<{ status: number; text: string }>): Promise<{ status: number; rows: Row[]; text: string }> {
  const [{ last } = { last: 0 }] = await db.sql<{ last: number }>('select coalesce(max(position), 0)::int as last from riskdesk.audit_log');
  const { status, text } = await work();
  return { status, text, rows: await db.sql<Row>('select action, outcome, actor from riskdesk.audit_log where position > $1 order by position', [last]) };
}

test.each(mutations)('S14: $route: one row of the audit log, by whom and how it went', async ({ method, route }) => {
  const { path, body } = await exampleOf(known, route);
  const { cookie } = await addSession(db, admin.id);
  const { status, rows, text } = await audited(() => call(method, path, { cookie, ...(body === undefined ? {} : { body }) }));
  expect(status, text).toBeLessThan(300);
  expect(rows).toMatchObject([{ outcome: 'success' }]);
  if (!path.includes('sign-in')) expect(rows[0]?.actor).toBe(admin.email);
});

// What everybody may do to what is their own is refused to nobody.
const guarded = mutations.filter(({ access }) => !['public', 'signed-in', 'own'].includes(access));

test.each(guarded)('S14: $route: one row of a refusal; none of somebody who has not signed in', async ({ method, route }) => {
  const { path, body } = await exampleOf(known, route);
  const sent = body === undefined ? {} : { body };
  const refused = await audited(() => call(method, path, { cookie: viewer.cookie, ...sent }));
  expect([refused.status, refused.rows]).toEqual([403, [{ action: 'access.refused', outcome: 'refused', actor: viewer.email }]]);
  expect(await audited(() => call(method, path, sent))).toMatchObject({ status: 401, rows: [] });
});

const ofActions = mutations.filter(({ route, access }) => /^POST \/api\/[a-z]+\/[a-z_-]+$/.test(route) && access.startsWith('maintenance:'));

test.each(ofActions)('S14: $route: what a seal or a guard refuses is on record, a look is not', async ({ path, route }) => {
  const { body } = (await exampleOf(known, route)) as { body: { params: unknown; target?: string; seal: string } };
  const refused = await audited(() => call('POST', path, { cookie: admin.cookie, body: { ...body, seal: `${body.seal}x` } }));
  expect(refused).toMatchObject({ status: 409, rows: [{ outcome: 'refused', actor: admin.email }] });
  expect(await audited(() => call('POST', `${path}?preview`, { cookie: admin.cookie, body: { params: body.params, target: body.target } }))).toMatchObject({ status: 200, rows: [] });
});

test('S14: after every one of them the chain is whole', async () => {
  const { state, bad, checked } = (await call('GET', '/api/audit/verification', { cookie: admin.cookie })).body as Verification;
  expect([state, bad]).toEqual(['intact', null]);
  expect(checked).toBeGreaterThan(mutations.length);
});
