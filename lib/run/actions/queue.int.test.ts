import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { call, type Sent } from '@/test/call';
import { useDatabase } from '@/test/database';
import { rounds } from '@/test/faults';
import { addUser, usePeople } from '@/test/people';
import type { JobView } from '@/lib/kit/job';

const db = await useDatabase();
process.env.APPROVALS = 'destructive';
const people = await usePeople(db);
const [dba, admin]: [Sent, Sent] = [{ cookie: people.dba.cookie }, { cookie: people.admin.cookie }];
const { claimJob, finishJob, giveUpHopeless } = await import('./jobs');
const { takeLaterFigures } = await import('./later');
const { runJob } = await import('./run-job');
const { closeMonitors } = await import('../monitor');
afterAll(closeMonitors);
afterEach(() => db.sql('truncate riskdesk.jobs'));

let made = 0;
const owner = await db.connect('maintenance');
async function newTable(): Promise<{ table: string; index: string }> {
  const name = `queued_${(made += 1)}`;
  await owner.query(`create table ${name} (a int)`);
  await owner.query(`create index ${name}_a on ${name} (a)`);
  return { table: `public.${name}`, index: `public.${name}_a` };
}
const sealOf = async (action: string, params: Record<string, string>, as = dba) => ((await call('POST', `/api/${action}?preview`, { ...as, body: { params } })).body as { seal: string }).seal;
const press = async (action: string, params: Record<string, string>, more: Record<string, unknown> = {}, as = dba) => call('POST', `/api/${action}`, { ...as, body: { params, seal: await sealOf(action, params, as), ...more } });
async function begin(...asked: Parameters<typeof press>): Promise<string> {
  const { status, body, text } = await press(...asked);
  expect(status, text).toBe(202);
  return (body as { jobId: string }).jobId;
}
const jobOf = async (id: string, as = dba) => (await call('GET', `/api/jobs/${id}`, as)).body as JobView;
const approve = (id: string, as: Sent) => call('POST', `/api/jobs/${id}/approval`, { ...as, body: { reason: 'looked at it' } });
const audit = (object: string) => db.sql<{ action: string; outcome: string; actor: string }>('select action, outcome, actor from riskdesk.audit_log where object = $1 order by position', [object]);

describe('groups', () => {
  const grouped = async (more: Record<string, unknown> = {}) => {
    const group = randomUUID();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.push(await begin('tables/analyze', { table: (await newTable()).table }, { group, ...more }));
    return ids;
  };

  test('one at a time, in the order they were asked for; others do not wait for them; one that fails does not stop the next', async () => {
    const ids = await grouped();
    const other = await begin('tables/analyze', { table: (await newTable()).table });
    const first = await claimJob(1);
    expect([first?.id, (await claimJob(1))?.id, await claimJob(1)]).toEqual([ids[0], other, null]);
    expect((await jobOf(ids[1] ?? '')).group).toBe(first?.group_id);
    if (first) await finishJob(first, 'failed', 'of the test');
    await giveUpHopeless();
    const second = await claimJob(1);
    expect(second?.id).toBe(ids[1]);
    if (second) await runJob(second);
    expect((await claimJob(1))?.id).toBe(ids[2]);
  });

  test('with stopOnFailure what follows a failed one is never begun, and says why', async () => {
    const ids = await grouped({ stopOnFailure: true });
    const first = await claimJob(1);
    if (first) await finishJob(first, 'failed', 'of the test');
    expect(await claimJob(1)).toBeNull();
    await giveUpHopeless();
    for (const id of ids.slice(1)) {
      expect(await jobOf(id)).toMatchObject({ state: 'cancelled', says: 'Not begun: one before it in its group did not succeed.' });
      expect(await audit(`job:${id}`)).toMatchObject([{ outcome: 'success' }, { outcome: 'failed' }]);
    }
  });

  test('several sessions are ended at once: one that has gone and one whose pid is another’s now are refused and say so, the others end', async () => {
    const sessions = await Promise.all(['one', 'two', 'three', 'four'].map(async (name) => {
      const client = await db.connect('maintenance');
      client.on('error', () => {});
      const { rows: [of] } = await client.query<{ pid: string; started: string }>(`select pid::text, backend_start::text as started, set_config('application_name', $1, false) from pg_stat_activity where pid = pg_backend_pid()`, [name]);
      return { client, params: { pid: of?.pid ?? '', started: of?.started ?? '' } };
    }));
    const there = async () => (await db.sql<{ name: string }>('select application_name as name from pg_stat_activity where pid = any ($1) order by 1', [sessions.map(({ params }) => Number(params.pid))])).map(({ name }) => name);
    const [one, two, three, four] = sessions;
    if (!one || !two || !three || !four) throw new Error('four were planted');
    const group = randomUUID();
    const seals = await Promise.all(sessions.map(({ params }) => sealOf('locks/terminate', params)));
    const end = (params: typeof one.params, seal?: string) => call('POST', '/api/locks/terminate', { ...dba, body: { params, seal, group } });
    // It goes after the preview.
    await two.client.end();
    await vi.waitFor(async () => expect(await there()).toEqual(['four', 'one', 'three']));
    const asked = [await end(one.params, seals[0]), await end(two.params, seals[1]), await end({ ...three.params, started: '2020-01-01 00:00:00+00' }, seals[2]), await end(three.params, seals[2]), await end(four.params, seals[3])];
    expect(asked.map(({ status }) => status)).toEqual([202, 404, 404, 202, 202]);
    expect(asked[1]?.body).toMatchObject({ detail: 'It is not on the target, or not any more.' });
    // It goes while its job waits for its turn.
    await three.client.end();
    await vi.waitFor(async () => expect(await there()).toEqual(['four', 'one']));
    const ids = asked.flatMap(({ body }) => (body as { jobId?: string }).jobId ?? []);
    for (const id of ids) {
      const job = await claimJob(1);
      expect(job?.id).toBe(id);
      if (job) await runJob(job);
    }
    expect(await Promise.all(ids.map(async (id) => (({ state, says }) => [state, says])(await jobOf(id))))).toEqual([['succeeded', 'Done.'], ['failed', 'The object is not there any more.'], ['succeeded', 'Done.']]);
    expect(await there()).toEqual([]);
  });

  test('many runners that claim at the same time never hold two of a group', async () => {
    const ids = await grouped();
    for (const id of ids) {
      const claimed = (await Promise.all(Array.from({ length: 8 }, (_, n) => claimJob(n + 1)))).filter((job) => job !== null);
      expect(claimed.map((job) => job.id)).toEqual([id]);
      for (const job of claimed) await finishJob(job, 'succeeded', 'of the test');
    }
  });
});

describe('approval by a second person', () => {
  const drop = async () => {
    const { table, index } = await newTable();
    return { table, index, id: await begin('indexes/drop', { index }, { confirm: index }) };
  };

  test('what destroys waits for another person; the one who asked is not another; then it runs', async () => {
    const { id, index } = await drop();
    expect(await jobOf(id)).toMatchObject({ state: 'awaiting', mayApprove: false, waits: expect.stringContaining('approval') });
    expect(await claimJob(1)).toBeNull();
    expect((await approve(id, dba)).body).toMatchObject({ status: 409, detail: expect.stringContaining('Another person') });
    expect((await approve(id, { cookie: people.analyst.cookie })).status).toBe(403);
    expect((await jobOf(id, admin)).mayApprove).toBe(true);
    expect((await approve(id, admin)).status).toBe(202);
    expect((await approve(id, admin)).status).toBe(409);
    expect(await jobOf(id)).toMatchObject({ state: 'queued', approvedBy: people.admin.email });
    const job = await claimJob(1);
    if (job) await runJob(job);
    expect((await jobOf(id)).state).toBe('succeeded');
    expect(await db.sql('select to_regclass($1) as there', [index])).toEqual([{ there: null }]);
    const rows = await audit(`job:${id}`);
    expect(rows.map(({ action, outcome, actor }) => [action, outcome, actor])).toEqual([
      ['indexes.drop', 'success', people.dba.email], ['jobs.approve', 'refused', people.dba.email], ['jobs.approve', 'success', people.admin.email], ['indexes.drop', 'success', people.dba.email],
    ]);
  });

  test('what is light does not wait, and is not held up by what does', async () => {
    const { table } = await drop();
    const id = await begin('tables/analyze', { table });
    expect((await jobOf(id)).state).toBe('queued');
    expect((await claimJob(1))?.id).toBe(id);
  });

  test('what has changed since it was shown is refused, with what', async () => {
    const { id, index, table } = await drop();
    await owner.query(`drop index ${index}`);
    expect((await approve(id, admin)).status).toBe(404);
    await owner.query(`create index ${index.replace('public.', '')} on ${table} (a)`);
    expect((await approve(id, admin)).body).toMatchObject({ code: 'seal_stale', changed: ['the object is another one now'] });
    expect((await jobOf(id)).state).toBe('awaiting');
  });

  test('while another job is open on the object it cannot be approved, and the same wish twice is one', async () => {
    const { id, table, index } = await drop();
    expect((await press('indexes/drop', { index }, { confirm: index }, admin)).body).toMatchObject({ code: 'object_busy', detail: `${people.dba.email} has a job open on this object.` });
    await begin('tables/analyze', { table });
    expect((await approve(id, admin)).body).toMatchObject({ code: 'object_busy' });
  });

  test('nobody in 24 hours: it is given up, on record', async () => {
    const { id } = await drop();
    await giveUpHopeless();
    expect((await jobOf(id)).state).toBe('awaiting');
    await db.sql(`update riskdesk.jobs set created_at = now() - interval '25 hours' where id = $1`, [id]);
    await giveUpHopeless();
    expect(await jobOf(id)).toMatchObject({ state: 'cancelled', says: 'Nobody approved it within 24 hours.' });
    expect((await audit(`job:${id}`)).map(({ outcome }) => outcome)).toEqual(['success', 'failed']);
  });

  test('it can be taken back before', async () => {
    const { id } = await drop();
    expect((await call('DELETE', `/api/jobs/${id}`, dba)).status).toBe(202);
    expect(await jobOf(id)).toMatchObject({ state: 'cancelled', says: 'Cancelled before it began.' });
  });
});

test('S13: without its audit row no job begins, whatever the action; and the row is there before the effect', async () => {
  const { table, index } = await newTable();
  const wishes: [string, Record<string, string>, Record<string, string>][] = [['tables/vacuum', { table }, {}], ['tables/analyze', { table }, {}], ['indexes/reindex', { index }, {}], ['indexes/drop', { index }, { confirm: index }]];
  const seals = await Promise.all(wishes.map(([action, params]) => sealOf(action, params)));
  await db.sql('revoke insert on riskdesk.audit_log from riskdesk_app');
  try {
    for (const [at, [action, params, more]] of wishes.entries()) expect((await call('POST', `/api/${action}`, { ...dba, body: { params, seal: seals[at], ...more } })).status).toBe(500);
    expect(await claimJob(1)).toBeNull();
    expect(await db.sql('select count(*)::int as n from riskdesk.jobs')).toEqual([{ n: 0 }]);
  } finally {
    await db.sql('grant insert on riskdesk.audit_log to riskdesk_app');
  }
  const id = await begin('tables/analyze', { table });
  expect(await audit(`job:${id}`)).toHaveLength(1);
  expect(await db.sql(`select last_analyze from pg_stat_user_tables where relid = $1::regclass`, [table])).toEqual([{ last_analyze: null }]);
});

test('R16: two people press in the same instant: exactly one runs, the other sees who', { timeout: 30_000 + rounds * 10_000 }, async () => {
  const { table } = await newTable();
  const other: Sent = { cookie: (await addUser(db, 'dba', 'none', 'other@riskdesk.example')).cookie };
  const winners: Record<string, number> = {};
  const [times, run] = [rounds * 25, 4];
  const seal = await sealOf('tables/analyze', { table });
  for (let round = 0; round < times; round += 1) {
    const answers = await Promise.all([dba, other].map((as) => call('POST', '/api/tables/analyze', { ...as, body: { params: { table }, seal } })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409]);
    const won = answers[0]?.status === 202 ? people.dba.email : 'other@riskdesk.example';
    winners[won] = (winners[won] ?? 0) + 1;
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'object_busy', detail: `${won} has a job open on this object.` });
    const job = await claimJob(1);
    expect([job?.requester, await claimJob(1)]).toEqual([won, null]);
    if (job) await (round < run ? runJob(job) : finishJob(job, 'succeeded', 'of the test'));
  }
  expect(await db.sql(`select count(*)::int as n, count(*) filter (where state = 'succeeded')::int as done from riskdesk.jobs`)).toEqual([{ n: times, done: times }]);
  expect(await db.sql('select analyze_count::int as n from pg_stat_user_tables where relid = $1::regclass', [table])).toEqual([{ n: run }]);
  process.stdout.write(`R16: ${times} times two people in the same instant; who was first: ${JSON.stringify(winners)}\n`);
});

test('the figures are taken again an hour and a day later, once each, and are null where the object is gone', async () => {
  const { table } = await newTable();
  const id = await begin('tables/analyze', { table });
  const job = await claimJob(1);
  if (job) await runJob(job);
  expect(await takeLaterFigures()).toBe(0);
  await db.sql(`update riskdesk.jobs set finished_at = now() - interval '61 minutes'`);
  expect([await takeLaterFigures(), await takeLaterFigures()]).toEqual([1, 0]);
  const { after, later } = await jobOf(id);
  expect(later).toMatchObject([{ after: 'hour' }]);
  expect(Object.keys(later[0]?.figures ?? {})).toEqual(Object.keys(after ?? {}));
  await owner.query(`drop table ${table}`);
  await db.sql(`update riskdesk.jobs set finished_at = now() - interval '25 hours'`);
  await takeLaterFigures();
  expect((await jobOf(id)).later.map(({ after: at }) => at)).toEqual(['hour', 'day']);
});
