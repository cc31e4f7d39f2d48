import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Measured } from '@/lib/kit/result';
import { startTestServer, superPassword, type TestServer } from '@/test/cluster';
import { useDatabase } from '@/test/database';
import { ask, askMeasured, eventually } from '@/test/ask';

const main = await useDatabase();
const majors = [14, 18] as const;
const password = 'planted-monitor';

type Pair = { primary: TestServer; standby: TestServer; sql(server: TestServer, text: string): Promise<Record<string, unknown>[]> };

async function run(server: TestServer, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** What a receiver replies that has written up to there, and does not say how far it has flushed or replayed. */
function written(position: string): Buffer {
  const [high = '', low = ''] = position.split('/');
  const reply = Buffer.alloc(34);
  reply.write('r');
  reply.writeUInt32BE(Number.parseInt(high, 16), 1);
  reply.writeUInt32BE(Number.parseInt(low, 16), 5);
  return reply;
}

/** A standby from the stopped primary's files, which is what a base backup is. */
async function startPair(major: 14 | 18): Promise<Pair> {
  const primary = await startTestServer({ major, settings: { archive_mode: 'on', archive_command: 'true', checkpoint_timeout: '1h' } });
  await run(primary, `create role planted_monitor login password '${password}' in role pg_monitor`);
  await run(primary, `create role planted_bare login password '${password}'`);
  await run(primary, 'create table planted (n int)');
  await primary.stop();
  const standby = await startTestServer({ standbyOf: primary, settings: { hot_standby_feedback: 'off', wal_retrieve_retry_interval: '100ms' } });
  await primary.start();
  return { primary, standby, sql: run };
}

const pairs = new Map(await Promise.all(majors.map(async (major) => [major, await startPair(major)] as const)));
const url = (server: TestServer, role: string) => server.url('postgres', role, password);
process.env.TARGETS = [...pairs].flatMap(([major, { primary, standby }]) => [`p${major}=${url(primary, 'planted_monitor')}`, `s${major}=${url(standby, 'planted_monitor')}`, `bare${major}=${url(primary, 'planted_bare')}`]).join(' ');

afterAll(async () => {
  await (await import('@/lib/run/monitor')).closeMonitors();
  await Promise.all([...pairs.values()].flatMap(({ primary, standby }) => [standby.dispose(), primary.dispose()]));
});

test('a server with nothing of it: no row but the archiver’s, and no finding', async () => {
  for (const id of ['replication.replicas', 'replication.slots', 'replication.standby', 'replication.archiver']) {
    const { rows, findings } = await askMeasured(id);
    expect([id, rows.length, findings]).toEqual([id, id === 'replication.archiver' ? 1 : 0, []]);
  }
  expect(superPassword).not.toBe('');
});

describe.each([...pairs])('a primary and its standby on %i', (major, { primary, standby, sql }) => {
  const [p, s] = [`p${major}`, `s${major}`];
  const streaming = () => eventually('replication.standby', { target: s }, ({ rows }) => rows[0]?.['status'] === 'streaming' && rows[0]['not_replayed_bytes'] === 0);

  test('F8: in step on an idle primary: no lag, however old the last commit is', async () => {
    await streaming();
    const { rows, findings } = await eventually('replication.replicas', { target: p, max_ms: '0', max_bytes: '1' }, (result) => result.rows[0]?.['not_replayed_bytes'] === 0);
    expect(rows).toEqual([expect.objectContaining({ name: 'standby', state: 'streaming', sync_state: 'async', not_sent_bytes: 0, not_flushed_bytes: 0 })]);
    expect(findings).toEqual([]);
    const own = await eventually('replication.standby', { target: s, max_ms: '0', max_bytes: '1' }, (result) => result.rows[0]?.['replay_delay_ms'] === 0);
    expect(own.rows[0]).toMatchObject({ status: 'streaming', pause_state: 'not paused', follows: true, restores: false, sender: `127.0.0.1:${primary.port}` });
    expect(own.findings).toEqual([]);
  });

  test('paused replay is found on both sides, by bytes', async () => {
    await sql(primary, 'insert into planted values (1)');
    await eventually('replication.standby', { target: s }, ({ rows }) => rows[0]?.['last_commit_ms'] !== null && rows[0]?.['not_replayed_bytes'] === 0);
    await sql(standby, 'select pg_wal_replay_pause()');
    await sql(primary, 'insert into planted select generate_series(1, 50000)');
    const query = { target: s, max_bytes: '1000000' };
    const own = await eventually('replication.standby', query, ({ findings }) => findings.length === 2);
    expect(own.findings.map(({ code }) => code)).toEqual(['replication.replay_paused', 'replication.replay_behind']);
    expect(Number(own.rows[0]?.['replay_delay_ms'])).toBeGreaterThan(0);
    const there = await eventually('replication.replicas', { target: p, max_bytes: '1000000' }, ({ findings }) => findings.length > 0);
    expect(there.findings[0]).toMatchObject({ code: 'replication.lag', about: 'standby', says: expect.stringContaining('not replayed') });
    await sql(standby, 'select pg_wal_replay_resume()');
    expect((await streaming()).findings).toEqual([]);
  });

  test('a receiver that stores and does not replay, as pg_receivewal, is found by what it has not written', async () => {
    const receiver = new pg.Client({ connectionString: primary.url(), application_name: 'receiver', replication: 'true' } as pg.ClientConfig);
    await receiver.connect();
    const named = { target: p, q: 'receiver', max_bytes: '1000000' };
    const of = ({ findings }: Measured) => findings.filter(({ about }) => about === 'receiver');
    try {
      const [{ xlogpos = '' } = {}] = (await receiver.query<{ xlogpos: string }>('IDENTIFY_SYSTEM')).rows;
      receiver.query(`START_REPLICATION PHYSICAL ${xlogpos}`).catch(() => {});
      await eventually('replication.replicas', named, ({ rows }) => rows[0]?.['state'] === 'streaming');
      (receiver as unknown as { connection: { sendCopyFromChunk(chunk: Buffer): void } }).connection.sendCopyFromChunk(written(xlogpos));
      const before = await eventually('replication.replicas', named, ({ rows }) => rows[0]?.['not_written_bytes'] !== null);
      expect(of(before)).toEqual([]);
      await sql(primary, 'insert into planted select generate_series(1, 50000)');
      const after = await eventually('replication.replicas', named, (result) => of(result).length > 0);
      expect(after.rows[0]).toMatchObject({ not_flushed_bytes: null, not_replayed_bytes: null });
      expect(of(after)).toMatchObject([{ code: 'replication.lag', says: expect.stringMatching(/^Is .*MB behind[;.].* not on its disk/), evidence: { not_written_bytes: after.rows[0]?.['not_written_bytes'] } }]);
    } finally {
      await receiver.end();
    }
    await eventually('replication.replicas', named, ({ rows }) => rows.length === 0);
  });

  test('F8: a receiver that is down is no lag of 0: the delay is unknown, and it is found', async () => {
    await primary.stop();
    const { rows, findings } = await eventually('replication.standby', { target: s }, (result) => result.rows[0]?.['status'] === 'no receiver');
    expect(rows[0]).toMatchObject({ replay_delay_ms: null });
    expect(findings).toEqual([expect.objectContaining({ code: 'replication.receiver_down', severity: 'critical' })]);
    expect((await ask('replication.replicas', { target: p })).state).toBe('unmeasured');
    await primary.start();
    await streaming();
  });

  test('what a standby can be asked of the others: slots and its own replicas', async () => {
    expect((await askMeasured('replication.replicas', { target: s })).rows).toEqual([]);
    expect((await askMeasured('replication.slots', { target: s })).rows).toEqual([]);
    expect((await askMeasured('replication.archiver', { target: s })).findings).toEqual([]);
  });

  test('commits that wait for a synchronous replica that is not there', async () => {
    await sql(primary, `alter system set synchronous_standby_names = 'FIRST 2 (standby, other)'`);
    await sql(primary, 'select pg_reload_conf()');
    const { findings } = await eventually('replication.replicas', { target: p }, (result) => result.findings.length > 0 && result.context?.['synchronous'] === 1);
    expect(findings).toEqual([expect.objectContaining({ code: 'replication.sync_missing', evidence: expect.objectContaining({ needed: 2 }) })]);
    await sql(primary, 'alter system reset synchronous_standby_names');
    await sql(primary, 'select pg_reload_conf()');
    await eventually('replication.replicas', { target: p }, (result) => result.findings.length === 0);
  });

  test('a slot that nobody uses, then one at risk, then one that is lost', async () => {
    const named = { target: p, q: 'planted' };
    await sql(primary, `select pg_create_physical_replication_slot('planted_slot', true)`);
    expect((await askMeasured('replication.slots', named)).findings).toEqual([]);
    await sql(primary, 'insert into planted select generate_series(1, 20000)');
    // What a session without synchronous_commit has inserted is written a moment later.
    const kept = await eventually('replication.slots', { ...named, max_bytes: '1000000' }, ({ findings }) => findings.length > 0);
    expect(kept.rows[0]).toMatchObject({ slot: 'planted_slot', kind: 'physical', active: false, limit_bytes: null, limit_ratio: null, safe_bytes: null });
    expect(kept.findings).toEqual([expect.objectContaining({ code: 'replication.slot_inactive', severity: 'critical', about: 'planted_slot' })]);
    expect(kept.findings[0]?.remedy).toEqual({ action: 'replication.drop_slot', params: { slot: 'planted_slot' } });
    if (major === 18) expect((await eventually('replication.slots', { ...named, max_inactive_ms: '0' }, ({ findings }) => findings.length > 0)).findings[0]).toMatchObject({ code: 'replication.slot_inactive', severity: 'warning' });
    else expect(kept.rows[0]?.['inactive_ms']).toBeNull();
    await sql(primary, `alter system set max_slot_wal_keep_size = '1MB'`);
    await sql(primary, 'select pg_reload_conf()');
    for (let segment = 0; segment < 4; segment += 1) {
      await sql(primary, 'insert into planted select generate_series(1, 1000)');
      await sql(primary, 'select pg_switch_wal()');
    }
    const risky = await eventually('replication.slots', named, ({ findings }) => findings.length > 0);
    expect(risky.findings).toEqual([expect.objectContaining({ code: 'replication.slot_at_risk', severity: 'critical' })]);
    await sql(primary, 'checkpoint');
    const lost = await eventually('replication.slots', named, ({ rows }) => rows[0]?.['wal_status'] === 'lost');
    expect(lost.findings).toEqual([expect.objectContaining({ code: 'replication.slot_lost', severity: 'critical', about: 'planted_slot' })]);
    expect(lost.rows[0]?.['invalidation']).toBe(major === 18 ? 'wal_removed' : null);
    await sql(primary, `select pg_drop_replication_slot('planted_slot')`);
    await sql(primary, 'alter system reset max_slot_wal_keep_size');
    await sql(primary, 'select pg_reload_conf()');
  });

  test('archiving that works, that fails, and that is not set', async () => {
    const works = await eventually('replication.archiver', { target: p }, ({ rows }) => Number(rows[0]?.['archived']) > 0 && rows[0]?.['failing'] === false);
    expect(works.findings).toEqual([]);
    await sql(primary, `alter system set archive_command = 'false'`);
    await sql(primary, 'select pg_reload_conf()');
    await sql(primary, 'insert into planted values (2)');
    await sql(primary, 'select pg_switch_wal()');
    const fails = await eventually('replication.archiver', { target: p }, ({ rows }) => rows[0]?.['failing'] === true);
    expect(fails.findings).toEqual([expect.objectContaining({ code: 'replication.archive_failing', severity: 'critical', about: 'archive_command' })]);
    expect(fails.rows[0]?.['backlog']).toBeGreaterThanOrEqual(1);
    expect(await askMeasured('replication.archiver', { target: `bare${major}` })).toMatchObject({ rows: [{ backlog: null }], findings: [{ says: expect.stringContaining('unknown to this role') }] });
    await sql(primary, `alter system set archive_command = ''`);
    await sql(primary, 'select pg_reload_conf()');
    const unset = await eventually('replication.archiver', { target: p }, ({ rows }) => rows[0]?.['method'] === 'nothing');
    expect(unset.findings).toEqual([expect.objectContaining({ code: 'replication.archive_unset' })]);
  });

  test('without pg_monitor, replicas and the standby’s own view are unmeasured', async () => {
    for (const id of ['replication.replicas', 'replication.standby']) {
      expect(await ask(id, { target: `bare${major}` })).toMatchObject({ state: 'unmeasured', reason: { code: 'privilege' }, remedy: { sql: 'GRANT pg_monitor TO "planted_bare";' } });
    }
  });
});

describe('synchronous_standby_names', () => {
  let awaited: (names: string) => number;
  beforeAll(async () => {
    ({ awaited } = await import('./synchronous'));
  });
  test.each([['', 0], ['*', 1], ['a, b', 1], ['2 (a, b)', 2], ['FIRST 3 (*)', 3], ['any 2 (a,b,c)', 2], ['"first"', 1]])('%s: %i', (names, count) => expect(awaited(names)).toBe(count));
});

test('the product’s own database is a primary: it has no row as a standby', async () => {
  expect(main.name).toMatch(/^test_/);
  expect(await askMeasured('replication.standby')).toMatchObject({ rows: [], findings: [] });
});
