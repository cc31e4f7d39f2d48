import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '@/test/database';
import { askMeasured, codesOf, eventually } from '@/test/ask';

const settings = { max_prepared_transactions: '5', deadlock_timeout: '200ms' };
const main = await useDatabase({ settings });
const old = await useDatabase({ major: 14, settings });
process.env.TARGETS = `old=${old.url('monitor')} old-bare=${old.url('app')} bare=${main.url('app')}`;

afterAll(async () => (await import('@/lib/run/monitor')).closeMonitors());

const hostile = '"Odd ""table\'s"" <b>"';

/** One session of the test; `pending` keeps what it waits for. */
async function session(db: typeof main, name: string, use: 'superuser' | 'app' = 'superuser') {
  const client = await db.connect(use);
  await client.query(`set application_name = '${name}'`);
  const { rows } = await client.query<{ pid: string }>('select pg_backend_pid()::text as pid');
  const pid = rows[0]?.pid ?? '';
  return { client, pid, waits: (text: string): Promise<unknown> => client.query(text).catch((error: unknown) => error) };
}

type Session = Awaited<ReturnType<typeof session>>;

describe.each([['main', main, 'bare'] as const, ['old', old, 'old-bare'] as const])('on %s', (target, db, bare) => {
  beforeAll(async () => {
    await db.sql(`create table ${hostile} (id int primary key, n int)`);
    await db.sql(`insert into ${hostile} select g, 0 from generate_series(1, 10) g`);
    await db.sql(`grant select, update on ${hostile} to riskdesk_app`);
  });

  test('nobody waits: the tree, long and prepared transactions are empty, and nothing is found', async () => {
    for (const id of ['locks.blocking', 'locks.long_transactions', 'locks.prepared']) {
      const { rows, findings } = await askMeasured(id, { target });
      expect([id, rows, findings]).toEqual([id, [], []]);
    }
    expect(codesOf(await askMeasured('locks.waits', { target }))).toEqual([]);
    expect(codesOf(await askMeasured('locks.activity', { target }))).toEqual([]);
    expect(codesOf(await askMeasured('locks.deadlocks', { target }))).toEqual([]);
  });

  describe('a chain behind a session that is idle in its transaction', () => {
    let chain: Session[] = [];
    let pending: Promise<unknown>[] = [];

    beforeAll(async () => {
      chain = await Promise.all(['root', 'row', 'table', 'reader', 'other'].map((name) => session(db, `planted ${name}`)));
      const [root, row, table, reader, other] = chain;
      await root?.client.query(`begin; update ${hostile} set n = 1 where id = 1`);
      await other?.client.query(`select 'own words' as planted, 1`);
      pending = [row?.waits(`begin; update ${hostile} set n = 2 where id = 1`) ?? Promise.resolve()];
      await eventually('locks.blocking', { target }, ({ rows }) => rows.length === 2);
      pending.push(table?.waits(`begin; lock table ${hostile}`) ?? Promise.resolve());
      await eventually('locks.blocking', { target }, ({ rows }) => rows.length === 3);
      pending.push(reader?.waits(`select count(*) from ${hostile}`) ?? Promise.resolve());
    });

    afterAll(async () => {
      for (const one of chain) await one.client.end();
      await Promise.all(pending);
    });

    test('the tree: the root first with all behind it, the relation and the mode that each waits for', async () => {
      const { rows } = await eventually('locks.blocking', { target }, (result) => result.rows.length === 4);
      const [root, row, table, reader] = chain.map(({ pid }) => pid);
      const relation = `public.${hostile}`;
      expect(rows[0]).toMatchObject({ depth: 0, session: root, behind: 3, waiting_ms: null, state: 'idle in transaction', application: 'planted root' });
      expect(rows.find((one) => one['session'] === row)).toMatchObject({ depth: 1, blocked_by: root, relation, locktype: 'transactionid', mode: 'ShareLock' });
      expect(rows.find((one) => one['session'] === table)).toMatchObject({ depth: 2, relation, locktype: 'relation', mode: 'AccessExclusiveLock' });
      expect(rows.find((one) => one['session'] === reader)).toMatchObject({ depth: 3, behind: 0, root, relation, mode: 'AccessShareLock' });
    });

    test('the finding names the root alone, and its remedy ends that very session', async () => {
      const { findings } = await eventually('locks.blocking', { target, min_ms: '0' }, (result) => result.findings.length > 0);
      expect(findings).toEqual([expect.objectContaining({ code: 'locks.blocker', severity: 'warning', about: `pid ${chain[0]?.pid}`, evidence: expect.objectContaining({ behind: 3 }) })]);
      expect(findings[0]?.says).toContain('Blocks 3 sessions');
      const [{ pid, began }] = await db.sql<{ pid: number; began: string }>(`select pid, backend_start::text as began from pg_stat_activity where pid = ${chain[0]?.pid}`) as [{ pid: number; began: string }];
      expect(findings[0]?.remedy).toEqual({ action: 'locks.terminate', params: { pid: String(pid), started: began } });
    });

    test('without pg_monitor the tree is still there, and says that what they do is hidden', async () => {
      const { rows, findings } = await askMeasured('locks.blocking', { target: bare, min_ms: '0' });
      expect(rows).toHaveLength(4);
      expect(rows[0]).toMatchObject({ session: chain[0]?.pid, state: null, query: null });
      expect(findings.map(({ code }) => code)).toEqual(['locks.blocker', 'locks.blocking_hidden']);
      expect(findings[1]?.remedy).toEqual({ sql: 'GRANT pg_monitor TO "riskdesk_app";' });
    });

    test('sessions: state, wait and ages of each; filters; an idle one has no running statement', async () => {
      const { rows, context } = await askMeasured('locks.activity', { target, q: 'planted' });
      const of = (index: number) => rows.find((row) => row['pid'] === chain[index]?.pid);
      expect(of(0)).toMatchObject({ state: 'idle in transaction', wait: 'Client: ClientRead', statement_ms: null, own: false, usr: 'postgres', backend: 'client backend' });
      expect(Number(of(0)?.['xact_ms'])).toBeGreaterThan(0);
      expect(of(1)).toMatchObject({ state: 'active', wait: 'Lock: transactionid' });
      expect(Number(of(1)?.['statement_ms'])).toBeGreaterThan(0);
      expect(of(4)).toMatchObject({ state: 'idle', xact_ms: null, statement_ms: null });
      expect(Number(context?.['waiting'])).toBeGreaterThanOrEqual(3);
      const waiting = await askMeasured('locks.activity', { target, q: 'planted', state: 'waiting', sort: 'pid' });
      expect(waiting.rows.map((row) => row['pid'])).toEqual(chain.slice(1, 4).map(({ pid }) => pid).toSorted());
    });

    test('sessions without pg_monitor: they are there, and what is hidden is said', async () => {
      const result = await askMeasured('locks.activity', { target: bare, limit: '1000' });
      expect(result.rows.find((row) => row['pid'] === chain[0]?.pid)).toMatchObject({ state: null, backend: null, query: null });
      expect(codesOf(result)).toEqual(['locks.activity_hidden']);
    });

    test('a long and an idle transaction, with the threshold as asked', async () => {
      const { rows, findings } = await askMeasured('locks.long_transactions', { target, min_idle_ms: '0', q: 'planted root' });
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ pid: chain[0]?.pid, state: 'idle in transaction', writes: true });
      expect(Number(rows[0]?.['locked_relations'])).toBeGreaterThanOrEqual(1);
      expect(findings[0]).toMatchObject({ code: 'locks.idle_in_transaction', about: `pid ${chain[0]?.pid}` });
      expect(findings[0]).toMatchObject({ remedy: { action: 'locks.terminate' }, says: expect.stringContaining('ALTER ROLE "postgres" SET idle_in_transaction_session_timeout') });
      const long = await askMeasured('locks.long_transactions', { target, min_xact_ms: '0', min_idle_ms: '999999999', q: 'planted row' });
      expect(long.findings).toEqual([expect.objectContaining({ code: 'locks.long_transaction', severity: 'info', about: `pid ${chain[1]?.pid}` })]);
      expect((await askMeasured('locks.long_transactions', { target })).rows).toEqual([]);
    });

    test('wait events, grouped; five sessions on one are found, fewer are not', async () => {
      const { rows, findings } = await eventually('locks.waits', { target }, (result) => result.rows.some((row) => row['wait_event'] === 'relation'));
      expect(rows.find((row) => row['wait_type'] === 'Lock' && row['wait_event'] === 'relation')).toMatchObject({ active: 2 });
      expect(rows.find((row) => row['wait_event'] === 'relation')?.['description']).toEqual(target === 'main' ? expect.stringContaining('lock') : null);
      expect(findings).toEqual([]);
      const more = await Promise.all([1, 2, 3, 4].map((n) => session(db, `planted more ${n}`)));
      const held = more.map((one) => one.waits(`select 1 from ${hostile}`));
      const piled = await eventually('locks.waits', { target }, (result) => result.findings.length > 0);
      expect(piled.findings).toEqual([expect.objectContaining({ code: 'locks.wait_pile_up', about: 'Lock: relation', evidence: expect.objectContaining({ active: expect.any(Number) }) })]);
      await Promise.all(more.map(({ pid }) => db.sql(`select pg_terminate_backend(${pid})`)));
      await Promise.all(held);
    });
  });

  test('a prepared transaction blocks as pid 0: it is named, and its remedy ends it', async () => {
    const gid = `it's \\ "planted"\n${db.name}`;
    const holder = await session(db, 'planted preparer');
    await holder.client.query(`begin; update ${hostile} set n = 3 where id = 5`);
    await holder.client.query(`prepare transaction ${holder.client.escapeLiteral(gid)}`);
    const waiter = await session(db, 'planted waiter');
    const held = waiter.waits(`update ${hostile} set n = 4 where id = 5`);
    const { rows, findings } = await eventually('locks.blocking', { target, min_ms: '0' }, (result) => result.findings.length > 0);
    expect(rows[0]).toMatchObject({ depth: 0, session: `prepared ${gid}`, behind: 1, backend: 'prepared transaction', datname: db.name, usr: 'postgres' });
    expect(rows[1]).toMatchObject({ depth: 1, session: waiter.pid, blocked_by: `prepared ${gid}` });
    const listed = await askMeasured('locks.prepared', { target, min_ms: '0' });
    expect(listed.rows).toEqual([expect.objectContaining({ gid, usr: 'postgres', datname: db.name })]);
    expect(Number(listed.rows[0]?.['locks'])).toBeGreaterThanOrEqual(1);
    expect(listed.findings).toEqual([expect.objectContaining({ code: 'locks.prepared', about: gid })]);
    expect((await askMeasured('locks.prepared', { target })).findings).toEqual([]);
    const remedy = findings[0]?.remedy;
    expect(remedy).toEqual(listed.findings[0]?.remedy);
    await db.sql(remedy && 'sql' in remedy ? remedy.sql : '');
    await held;
    expect((await askMeasured('locks.prepared', { target, min_ms: '1' })).rows).toEqual([]);
  });

  test('F13: a password in a statement is masked, in the text and from the search', async () => {
    const one = await session(db, 'planted secret');
    await one.client.query(`select 'alter role x' as planted_mask, 'password = canary-in-clear'`);
    await one.client.query(`create role "planted ${db.name}" password 'canary-in-clear'`);
    const { rows } = await askMeasured('locks.activity', { target, q: 'planted secret' });
    expect(rows[0]?.['query']).toBe(`create role "planted ${db.name}" password '…'`);
    expect((await askMeasured('locks.activity', { target, q: 'canary' })).rows).toEqual([]);
    await one.client.query(`drop role "planted ${db.name}"`);
  });

  test('a deadlock is counted and found', async () => {
    const [a, b] = [await session(db, 'planted a'), await session(db, 'planted b')];
    await a.client.query(`begin; update ${hostile} set n = 1 where id = 7`);
    await b.client.query(`begin; update ${hostile} set n = 1 where id = 8`);
    await Promise.all([a.waits(`update ${hostile} set n = 1 where id = 8`), b.waits(`update ${hostile} set n = 1 where id = 7`)]);
    // Sessions report their counters at the latest when they end.
    await Promise.all([a.client.end(), b.client.end()]);
    const { rows, findings } = await eventually('locks.deadlocks', { target, q: db.name }, (result) => Number(result.rows[0]?.['deadlocks']) > 0);
    expect(rows).toEqual([expect.objectContaining({ datname: db.name, current: true, deadlocks: 1 })]);
    expect(findings).toEqual([expect.objectContaining({ code: 'locks.deadlocks', about: db.name, evidence: expect.objectContaining({ deadlocks: 1 }) })]);
  });
});

test('what is hidden without pg_monitor is unmeasured, with the grant', async () => {
  const { ask } = await import('@/test/ask');
  for (const id of ['locks.waits', 'locks.long_transactions']) {
    expect(await ask(id, { target: 'bare' })).toMatchObject({ state: 'unmeasured', reason: { code: 'privilege' }, remedy: { sql: 'GRANT pg_monitor TO "riskdesk_app";' } });
  }
});
