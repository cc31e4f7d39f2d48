import { writeFileSync } from 'node:fs';
import pg from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { render } from '@/lib/pg/sql';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { eventually } from '@/test/ask';
import { rounds } from '@/test/faults';

const main = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `new=${main.url('superuser')} old=${old.url('superuser')} bare=${main.url('app')}`;
const actions = await useActions(main);
const { stepOf } = await import('@/lib/run/actions/preview');
const { terminate } = await import('./terminate.action');
const { findSession, sessionGuards } = await import('./session-object');

const clients: pg.Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {});
});

async function session(db: typeof main, name = 'planted') {
  const client = new pg.Client({ connectionString: db.url('superuser'), application_name: name });
  client.on('error', () => {});
  await client.connect();
  clients.push(client);
  const { rows } = await client.query<{ pid: string; started: string }>('select pg_backend_pid()::text as pid, backend_start::text as started from pg_stat_activity where pid = pg_backend_pid()');
  return { client, pid: rows[0]?.pid ?? '', started: rows[0]?.started ?? '' };
}

/** What the row of a session that runs a statement hands to the action. */
async function rowOf(target: string, pid: string) {
  let seen: Record<string, unknown> | undefined;
  await eventually('locks.activity', { target, q: pid }, ({ rows }) => {
    seen = rows.find((one) => one['pid'] === pid);
    return (seen?.['statement'] ?? null) !== null;
  });
  return { pid, started: String(seen?.['started']), xact: String(seen?.['xact']), statement: String(seen?.['statement']) };
}
const there = async (db: typeof main, pid: string) => (await db.sql('select from pg_stat_activity where pid = $1', [Number(pid)])).length;

describe.each([['new', main] as const, ['old', old] as const])('on %s', (target, db) => {
  test('a statement is cancelled by what its row says; its session stays', async () => {
    const { client, pid } = await session(db);
    const slept = client.query('select pg_sleep(60)').catch((error: { code?: string }) => error.code);
    const job = await actions.done('locks.cancel', await rowOf(target, pid), { target });
    expect(await slept).toBe('57014');
    expect(job.plan[0]?.sql).toMatch(/^SELECT pg_cancel_backend\(a\.pid\) FROM pg_stat_activity a WHERE a\.pid = \d+ AND a\.backend_start = /);
    expect((await client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
  });

  test('the next statement of the same session is left alone', async () => {
    const { client, pid } = await session(db);
    const first = client.query('select pg_sleep(60), 1').catch(() => {});
    const seen = await rowOf(target, pid);
    await db.sql('select pg_cancel_backend($1)', [Number(pid)]);
    await first;
    const second = client.query('select pg_sleep(60), 2, 3').catch((error: { code?: string }) => error.code);
    await vi.waitFor(async () => expect((await rowOf(target, pid)).xact).not.toBe(seen.xact), { timeout: 10_000 });
    expect(await actions.refused('locks.cancel', seen, { target })).toMatchObject([{ name: 'another' }]);
    // Nor by a job that was asked for while the first one ran: what is planned names its transaction and its statement.
    const now = await actions.sealed('locks.cancel', await rowOf(target, pid), { target });
    await db.sql('select pg_cancel_backend($1)', [Number(pid)]);
    expect(await second).toBe('57014');
    const third = client.query('select pg_sleep(2), 2, 3').then(() => 'ran to its end', (error: { code?: string }) => error.code);
    await vi.waitFor(async () => expect(await db.sql(`select from pg_stat_activity where pid = $1 and state = 'active'`, [Number(pid)])).toHaveLength(1));
    expect(await db.sql(now.plan[0]?.sql ?? '')).toEqual([]);
    expect(await third).toBe('ran to its end');
  });

  test('idle in its transaction: cancel says that it would do nothing, terminate ends it and its lock', async () => {
    const { client, pid, started } = await session(db, "odd 'name' \\");
    await client.query('create table if not exists kept (a int)');
    await client.query('begin');
    await client.query('lock table kept');
    const other = await session(db);
    const waiting = other.client.query('select count(*) from kept').then(() => 'got it');
    await vi.waitFor(async () => expect(await db.sql(`select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'`, [Number(other.pid)])).toHaveLength(1));
    expect(await actions.refused('locks.cancel', { pid, started }, { target })).toMatchObject([{ name: 'idle', saferWay: expect.stringContaining('locks.terminate') }]);
    const job = await actions.done('locks.terminate', { pid, started }, { target });
    expect(job).toMatchObject({ before: { waiting_sessions: 1 }, after: { waiting_sessions: 0 } });
    expect(await waiting).toBe('got it');
    expect(await there(db, pid)).toBe(0);
    await db.sql('drop table kept');
  });

  test('refused: the console’s own, the server’s own, a pid that is another session, a pid that is none', async () => {
    const own = await session(db, 'riskdesk-job');
    expect(await actions.refused('locks.terminate', { pid: own.pid, started: own.started }, { target })).toMatchObject([{ name: 'own', saferWay: expect.stringContaining('Maintenance') }]);
    const [checkpointer] = await db.sql<{ pid: string; started: string }>(`select pid::text, backend_start::text as started from pg_stat_activity where backend_type = 'checkpointer'`);
    expect(await actions.refused('locks.terminate', checkpointer ?? {}, { target })).toContainEqual(expect.objectContaining({ name: 'system' }));
    expect((await actions.preview('locks.terminate', { pid: own.pid, started: '2020-01-01 00:00:00+00' }, { target })).status).toBe(404);
    expect((await actions.preview('locks.terminate', { pid: '999999999', started: own.started }, { target })).status).toBe(404);
    expect(await actions.preview('locks.terminate', { pid: '' }, { target })).toMatchObject({ status: 422, body: { errors: [{ path: 'params.pid' }] } });
    for (const started of ['yesterday x', '0', '2026-13-45', '2026-02-30 10:00:00+00', '2026-01-01 25:00:00+00', '2026-01-01 10:00:00+23', '2026-01-01 10:00:00', '0000-01-01 10:00:00Z', 'now+00', 'infinity']) {
      for (const action of ['locks.terminate', 'locks.cancel']) expect((await actions.preview(action, { pid: '1', started }, { target })).status, `${action} ${started}`).toBe(422);
    }
    for (const started of [`${new Date().toISOString()}`, '2026-01-01 10:00:00.123456+05:30', '2026-01-01 10:00:00-0330']) expect((await actions.preview('locks.terminate', { pid: own.pid, started }, { target })).status, started).toBe(404);
  });
});

test('without the right to signal: which GRANT is missing, before anything is sent', async () => {
  const { pid, started } = await session(main);
  expect(await actions.refused('locks.terminate', { pid, started })).toMatchObject([{ name: 'privilege', says: expect.stringContaining('is a superuser') }]);
  const owner = await main.connect('maintenance');
  const { rows: [own] } = await owner.query<{ pid: string; started: string }>('select pid::text, backend_start::text as started from pg_stat_activity where pid = pg_backend_pid()');
  const guards = await actions.refused('locks.terminate', own ?? {}, { target: 'bare' });
  expect(guards).toMatchObject([{ name: 'hidden', saferWay: 'GRANT "pg_read_all_stats" TO "riskdesk_app";' }, { name: 'privilege', saferWay: expect.stringContaining('GRANT "pg_signal_backend" TO "riskdesk_app";') }]);
});

test('refused: what would break replication, what keeps transaction ids from running out, a worker of another’s', () => {
  const object = { name: 'pid 1', key: '', identity: '', table: null, bytes: null, pid: 1, started: '', usr: 'a', application: '', backend: 'client backend', state: 'active', leader: null, xact: null, statement: null, hidden: false, own: false, wraparound: false, superuser: false, signalled: true, seen: true };
  const guards = (given: Partial<typeof object>) => sessionGuards({ ...object, ...given }, { role: 'postgres', server: { major: 18, user: 'postgres' } as never }).map(({ name }) => name);
  expect(guards({})).toEqual([]);
  expect(guards({ backend: 'walsender' })).toEqual(['walsender']);
  expect(guards({ backend: 'parallel worker' })).toEqual(['worker']);
  expect(guards({ backend: 'autovacuum worker' })).toEqual([]);
  expect(guards({ backend: 'autovacuum worker', wraparound: true })).toEqual(['wraparound']);
  expect(guards({ backend: 'logical replication apply worker' })).toEqual(['system']);
  expect(guards({ signalled: false })).toEqual(['privilege']);
});

/** The next process gets this pid, where the kernel lets us say so: the fork that comes next is the server's for our connection. */
function nextPid(pid: number): boolean {
  try {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    return true;
  } catch {
    return false;
  }
}

/** 56 in `npm test`, 700 in `npm run test:faults`. */
const sessions = rounds * 7;

test('R15: of many sessions none is hit by what was meant for an earlier one with its pid', async () => {
  const client = await main.connect('superuser');
  const ask = async <T,>(statement: Parameters<typeof render>[0]) => (await client.query<never>(render(statement))).rows as T[];
  const context = (pid: string, started: string) => ({ params: { pid, started }, server: { major: 18, inRecovery: false } as never, role: 'postgres' });
  let reused = 0;
  for (let round = 0; round < sessions; round += 1) {
    const first = await session(main, `planted ${round}`);
    const object = await findSession(ask, context(first.pid, first.started));
    if (!object) throw new Error('not found');
    const [step] = terminate.plan(object, context(first.pid, first.started) as never);
    await first.client.end();
    await vi.waitFor(async () => expect(await there(main, first.pid)).toBe(0), { interval: 2 });
    nextPid(Number(first.pid));
    const second = await session(main, `planted ${round} again`);
    if (second.pid === first.pid) reused += 1;
    // Where the kernel gave another pid, the statement is made to name the pid that there is.
    const text = (step ? stepOf(step).sql : '').replace(`= ${first.pid} `, `= ${second.pid} `);
    expect((await client.query(text)).rows).toEqual([]);
    expect((await second.client.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
    clients.splice(0);
    await second.client.end();
  }
  process.stdout.write(`R15: in ${reused} of ${sessions} rounds the kernel gave the pid a second time\n`);
}, 120_000);
