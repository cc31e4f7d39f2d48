import { expect, test } from 'vitest';
import type { FindingsAnswer } from '@/lib/kit/result';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { usePeople } from '@/test/people';

const db = await useDatabase();
const { dba, analyst } = await usePeople(db);

const findings = async () => (await call('GET', '/api/findings', { cookie: dba.cookie })).body as FindingsAnswer;
const put = (id: string, body: unknown, as = dba) => call('PUT', `/api/findings/${id}/decision`, { cookie: as.cookie, body });
const remove = (id: string, as = dba) => call('DELETE', `/api/findings/${id}/decision`, { cookie: as.cookie });
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

async function plantSlow(seconds: number): Promise<FindingsAnswer['items'][number]> {
  const app = await db.connect('app');
  for (let n = 0; n < 2; n += 1) await app.query(`select 1 as planted_decision, pg_sleep($1::float8)`, [seconds]);
  const { items } = await findings();
  const found = items.find(({ about }) => about.includes('planted_decision'));
  if (!found) throw new Error('the planted statement is not found');
  return found;
}

test('a finding that was accepted or snoozed is apart, with who and why; it comes back when it is taken back, over, or worse', async () => {
  const item = await plantSlow(1.05);
  expect(item.severity).toBe('warning');
  expect((await put(item.id, { kind: 'accepted', reason: 'a nightly report' })).status).toBe(204);
  const after = await findings();
  expect(after.items.map(({ id }) => id)).not.toContain(item.id);
  expect(after.decided).toEqual([expect.objectContaining({ id: item.id, decision: { kind: 'accepted', until: null, reason: 'a nightly report', by: dba.email, at: expect.any(String) } })]);
  expect((await remove(item.id)).status).toBe(204);
  expect((await findings()).items.map(({ id }) => id)).toContain(item.id);
  expect((await remove(item.id)).status).toBe(404);

  expect((await put(item.id, { kind: 'snoozed', until: tomorrow(), reason: 'next week' })).status).toBe(204);
  expect((await findings()).decided).toHaveLength(1);
  await db.sql(`update riskdesk.finding_decisions set until = now() - interval '1 second'`);
  expect((await findings()).decided).toEqual([]);

  await put(item.id, { kind: 'accepted', reason: 'fine as a note' });
  await db.sql(`update riskdesk.finding_decisions set severity = 'info'`);
  expect((await findings()).items.map(({ id }) => id), 'worse than what was accepted').toContain(item.id);
  const audit = await db.sql<{ action: string; actor: string }>(`select action, actor from riskdesk.audit_log where object = $1 order by id`, [`finding:${item.id}`]);
  expect(audit.map(({ action }) => action)).toEqual(['findings.accepted', 'findings.reopened', 'findings.snoozed', 'findings.accepted']);
  expect(new Set(audit.map(({ actor }) => actor))).toEqual(new Set([dba.email]));
});

test.each([
  [{ kind: 'accepted' }, 'reason'], [{ kind: 'accepted', reason: ' ' }, 'reason'], [{ kind: 'accepted', reason: 'x'.repeat(501) }, 'reason'], [{ kind: 'closed', reason: 'x' }, 'kind'],
  [{ kind: 'snoozed', reason: 'x' }, 'until'], [{ kind: 'accepted', until: tomorrow(), reason: 'x' }, 'until'], [{ kind: 'snoozed', until: '2020-01-01', reason: 'x' }, 'until'], [{ kind: 'snoozed', until: 'soon', reason: 'x' }, 'until'],
])('a decision is refused with the field’s name, case %#', async (body, path) => {
  expect((await put('0123456789abcdef', body)).body).toMatchObject({ status: 422, errors: [expect.objectContaining({ path })] });
});

test('a decision needs a finding that is there, and somebody who may', async () => {
  const body = { kind: 'accepted', reason: 'x' };
  expect((await put('0123456789abcdef', body)).status).toBe(404);
  expect((await put('0123456789abcdef', { ...body, target: 'elsewhere' })).status).toBe(404);
  expect((await put('none', body)).body).toMatchObject({ status: 422, errors: [{ path: 'id' }] });
  expect((await put('0123456789abcdef', body, analyst)).status).toBe(403);
});
