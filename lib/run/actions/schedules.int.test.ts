import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { call, type Sent } from '@/test/call';
import { useDatabase } from '@/test/database';
import { usePeople } from '@/test/people';
import type { JobView } from '@/lib/kit/job';
import type { ScheduleView } from '@/lib/kit/schedule';

const db = await useDatabase();
process.env.TARGETS = 'away=postgres://nobody@127.0.0.1:9/none?sslmode=disable';
const people = await usePeople(db);
const dba: Sent = { cookie: people.dba.cookie };
const { queueDue } = await import('./due');
const { claimJob, finishJob } = await import('./jobs');
const { runJob } = await import('./run-job');
const { closeMonitors } = await import('../monitor');
afterAll(closeMonitors);

beforeAll(async () => {
  await (await db.connect('maintenance')).query('create table "Odd ""t""" (a int primary key)');
});
afterEach(() => db.sql('truncate riskdesk.jobs, riskdesk.schedules'));

const table = 'public."Odd ""t"""';
const ask = (more: Record<string, unknown> = {}) => call('POST', '/api/schedules', { ...dba, body: { action: 'tables.analyze', params: { table }, cron: '30 2 * * *', timeZone: 'Europe/Berlin', ...more } });
async function schedule(more: Record<string, unknown> = {}): Promise<ScheduleView> {
  const { status, body, text } = await ask(more);
  expect(status, text).toBe(201);
  return body as ScheduleView;
}
const due = (id: string, ago = '1 second') => db.sql(`update riskdesk.schedules set next_run = now() - $2::interval where id = $1`, [id, ago]);
const seen = async (id: string) => ((await call('GET', '/api/schedules', dba)).body as { items: ScheduleView[] }).items.find((one) => one.id === id);
const jobs = async () => ((await call('GET', '/api/jobs', dba)).body as { items: JobView[] }).items;
const audit = (object: string) => db.sql<{ action: string; outcome: string; actor: string }>('select action, outcome, actor from riskdesk.audit_log where object = $1 order by position', [object]);
const isAhead = async (id: string) => (await db.sql<{ n: number }>('select count(*)::int as n from riskdesk.schedules where id = $1 and next_run > now()', [id]))[0]?.n === 1;

describe('schedules', () => {
  test('what is due becomes a job of who made it, planned at that time, and the next time is set', async () => {
    const { id, nextRun, object } = await schedule({ reason: 'nightly' });
    expect([object, nextRun?.slice(11, 16)]).toEqual([table, expect.stringMatching(/^0[01]:30$/)]);
    expect(await queueDue()).toBe(0);
    await due(id);
    expect(await queueDue()).toBe(1);
    const [job] = await jobs();
    expect(job).toMatchObject({ action: 'tables.analyze', state: 'queued', requestedBy: people.dba.email, schedule: id, reason: 'nightly', plan: [{ sql: 'ANALYZE "public"."Odd ""t"""' }] });
    expect(await seen(id)).toMatchObject({ last: { state: 'queued', job: job?.id } });
    const claimed = await claimJob(1);
    if (claimed) await runJob(claimed);
    expect(await seen(id)).toMatchObject({ last: { state: 'succeeded', says: 'Done.' } });
    expect(await audit(`job:${job?.id}`)).toMatchObject([{ outcome: 'success', actor: people.dba.email }, { outcome: 'success' }]);
  });

  test('of eight consoles that look at the same time one queues it, once', async () => {
    const ids = await Promise.all(Array.from({ length: 4 }, async (_, n) => {
      await (await db.connect('maintenance')).query(`create table several_${n} (a int)`);
      return (await schedule({ params: { table: `public.several_${n}` } })).id;
    }));
    for (let round = 0; round < 5; round += 1) {
      await db.sql('truncate riskdesk.jobs');
      for (const id of ids) await due(id);
      const turns = await Promise.all(Array.from({ length: 8 }, () => queueDue()));
      expect(turns.reduce((sum, n) => sum + n, 0)).toBe(ids.length);
      expect((await jobs()).map(({ schedule: of }) => of).toSorted()).toEqual(ids.toSorted());
    }
  });

  test('what was missed while no console ran is one run', async () => {
    const { id } = await schedule({ cron: '* * * * *' });
    await due(id, '3 days');
    expect(await queueDue()).toBe(1);
    expect(await queueDue()).toBe(0);
    expect(await isAhead(id)).toBe(true);
  });

  test('a guard that refuses at that time is an outcome on record, and the schedule goes on', async () => {
    await (await db.connect('maintenance')).query('create table lost (a int)');
    const { id } = await schedule({ params: { table: 'public.lost' } });
    await db.sql('alter table lost owner to postgres');
    await db.sql('create index lost_a on lost (a)');
    await db.sql(`update riskdesk.schedules set action = 'indexes.reindex', params = '{"index": "public.lost_a"}' where id = $1`, [id]);
    await due(id);
    expect(await queueDue()).toBe(1);
    expect(await seen(id)).toMatchObject({ last: { state: 'refused', says: expect.stringContaining('may not maintain'), job: null } });
    expect(await audit(`schedule:${id}`)).toMatchObject([{ action: 'schedules.create' }, { action: 'indexes.reindex', outcome: 'refused', actor: people.dba.email }]);
    expect(await isAhead(id)).toBe(true);
  });

  test('an object that is gone, a job that is open on it, an account that has ended: each says so', async () => {
    await (await db.connect('maintenance')).query('create table soon_gone (a int)');
    const gone = await schedule({ params: { table: 'public.soon_gone' } });
    await (await db.connect('maintenance')).query('drop table soon_gone');
    const [first, second] = [await schedule(), await schedule()];
    for (const id of [gone.id, first.id, second.id]) await due(id);
    expect(await queueDue()).toBe(3);
    expect(await seen(gone.id)).toMatchObject({ last: { state: 'failed', says: 'It is not on the target, or not any more.' } });
    const outcomes = [await seen(first.id), await seen(second.id)].map((one) => one?.last?.state).toSorted();
    expect(outcomes).toEqual(['queued', 'refused']);
    await db.sql('truncate riskdesk.jobs');
    await db.sql('update users set active = false where id = $1', [people.dba.id]);
    await due(first.id);
    await queueDue();
    await db.sql('update users set active = true where id = $1', [people.dba.id]);
    expect(await seen(first.id)).toMatchObject({ last: { state: 'refused', says: `${people.dba.email} may no longer do this.` } });
  });

  test('a target that cannot be reached is tried again within a minute', async () => {
    const { id } = await schedule();
    await db.sql(`update riskdesk.schedules set target = 'away' where id = $1`, [id]);
    await due(id);
    await queueDue();
    expect(await seen(id)).toMatchObject({ last: { state: 'failed', says: 'The target cannot be reached, or refuses the role.' } });
    expect(await db.sql(`select next_run between now() + interval '50 seconds' and now() + interval '61 seconds' as soon from riskdesk.schedules where id = $1`, [id])).toEqual([{ soon: true }]);
  });

  test('one that cannot be reckoned with any more keeps no other from its turn', async () => {
    const [broken, sound] = [await schedule({ params: { table: 'public.several_0' } }), await schedule()];
    await db.sql(`update riskdesk.schedules set cron = 'nonsense' where id = $1`, [broken.id]);
    await due(broken.id, '1 hour');
    await due(sound.id);
    await expect(queueDue()).rejects.toMatchObject({ code: 'invalid' });
    expect((await jobs()).map(({ schedule: of }) => of)).toEqual([sound.id]);
  });

  test('S13: without its audit row nothing is queued, and it is still due', async () => {
    const { id } = await schedule();
    await due(id);
    await db.sql('revoke insert on riskdesk.audit_log from riskdesk_app');
    await expect(queueDue()).rejects.toMatchObject({ code: '42501' });
    await db.sql('grant insert on riskdesk.audit_log to riskdesk_app');
    expect(await jobs()).toEqual([]);
    expect(await queueDue()).toBe(1);
  });
});

describe('windows', () => {
  const clock = async (offset: string) => (await db.sql<{ at: string }>(`select to_char((now() + $1::interval) at time zone 'Asia/Kathmandu', 'HH24:MI') as at`, [offset]))[0]?.at ?? '';

  test('a job outside of its window waits and says so; inside it begins', async () => {
    const window = { from: await clock('2 hours'), to: await clock('4 hours') };
    const { id } = await schedule({ window, timeZone: 'Asia/Kathmandu' });
    await due(id);
    await queueDue();
    expect(await claimJob(1)).toBeNull();
    expect((await jobs())[0]).toMatchObject({ state: 'queued', waits: `Waits for its window, ${window.from} to ${window.to} Asia/Kathmandu.` });
    // Over midnight: all the day but those two hours.
    await db.sql('update riskdesk.jobs set window_from = window_to, window_to = window_from');
    const job = await claimJob(1);
    expect(job?.schedule_id).toBe(id);
    if (job) await finishJob(job, 'cancelled', 'of the test');
  });
});

describe('who may', () => {
  test('what destroys asks for the name, and for the permission to destroy; everything wrong is named', async () => {
    await (await db.connect('maintenance')).query('create table indexed (a int)');
    const rewrite = { action: 'tables.vacuum_full', params: { table: 'public.indexed' } };
    expect((await ask(rewrite)).body).toMatchObject({ status: 422, errors: [{ path: 'confirm' }] });
    const { id } = await schedule({ ...rewrite, confirm: 'public.indexed' });
    const { addToken } = await import('@/test/people');
    const { token } = await addToken(db, people.dba.id, ['maintenance:run', 'stats:read']);
    expect((await call('POST', '/api/schedules', { token, body: { ...rewrite, confirm: 'public.indexed', cron: '0 0 * * *' } })).status).toBe(403);
    expect((await call('PATCH', `/api/schedules/${id}`, { token, body: { enabled: false } })).status).toBe(403);
    expect((await call('DELETE', `/api/schedules/${id}`, { token })).status).toBe(403);
    for (const [more, path] of [[{ cron: 'x' }, 'cron'], [{ timeZone: 'Europe/Nowhere' }, 'timeZone'], [{ window: { from: '25:00', to: '1' } }, 'window.from'], [{ action: 'tables.nothing' }, 'action']] as const) {
      expect((await ask(more)).body).toMatchObject({ status: 422, errors: expect.arrayContaining([expect.objectContaining({ path })]) });
    }
    expect((await ask({ params: { table: 'public.none' } })).status).toBe(404);
  });

  test('what is done once is not taken, with the field named; one of before is refused when it is due', async () => {
    await (await db.connect('maintenance')).query('create table indexed_once (a int)');
    await (await db.connect('maintenance')).query('create index indexed_once_a on indexed_once (a)');
    const drop = { action: 'indexes.drop', params: { index: 'public.indexed_once_a' } };
    expect((await ask({ ...drop, confirm: 'public.indexed_once_a' })).body).toMatchObject({ status: 422, errors: [{ path: 'action', code: 'once' }] });
    const { id } = await schedule({ params: { table: 'public.indexed_once' } });
    await db.sql('update riskdesk.schedules set action = $2, params = $3 where id = $1', [id, drop.action, JSON.stringify(drop.params)]);
    await due(id);
    await queueDue();
    expect(await seen(id)).toMatchObject({ last: { state: 'refused', job: null } });
    expect(await db.sql(`select from pg_class where relname = 'indexed_once_a'`)).toHaveLength(1);
  });

  test('it is switched off and on, changed and ended, each on record', async () => {
    const { id } = await schedule();
    expect((await call('PATCH', `/api/schedules/${id}`, { ...dba, body: { enabled: false } })).body).toMatchObject({ enabled: false, nextRun: null });
    expect(await queueDue()).toBe(0);
    expect((await call('PATCH', `/api/schedules/${id}`, { ...dba, body: { enabled: true, cron: '15 4 * * 1', window: { from: '22:00', to: '05:00' } } })).body).toMatchObject({ enabled: true, window: { from: '22:00', to: '05:00' } });
    expect((await call('DELETE', `/api/schedules/${id}`, dba)).status).toBe(204);
    expect((await call('DELETE', `/api/schedules/${id}`, dba)).status).toBe(404);
    expect((await audit(`schedule:${id}`)).map(({ action }) => action)).toEqual(['schedules.create', 'schedules.update', 'schedules.update', 'schedules.delete']);
  });
});
