import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { rounds } from '@/test/faults';
import { usePeople } from '@/test/people';
import { temporaryDirectory } from '@/test/temporary';
import type { Verification } from '@/lib/rooms/maintenance/verification';

const db = await useDatabase();
const directory = temporaryDirectory('riskdesk-audit-');
process.env.RISKDESK_DATA_DIR = directory;
afterAll(() => rmSync(directory, { recursive: true, force: true }));
// As a server has it by default: what is committed stays, whatever happens to it.
await db.sql(`do $$ begin execute format('alter database %I set synchronous_commit = on', current_database()); end $$`);
const people = await usePeople(db);
const { writeAudit } = await import('@/lib/db/audit');
const { database, transaction } = await import('@/lib/db/client');
const { remembered, untilWritten } = await import('@/lib/db/audit-witness');
const { takeCheckpoints, Tampered } = await import('./checkpoint');
const { outsideFile } = await import('./outside');
const { verifyAudit } = await import('./verify');

const entry = (n: number, object = `thing:${n}`) => ({ caller: null, actor: 'somebody@example.org', action: 'test.write', object, outcome: 'success' as const, details: { n, text: 'ä"\\\n\u{1F600}', ratio: 1.5e-7 }, address: n % 2 === 0 ? null : '192.0.2.7' });
const verify = async (from = 1) => (await call('GET', `/api/audit/verification?from=${from}`, { cookie: people.dba.cookie })).body as Verification;
/** Entries that another process has written. */
const elsewhere = (n: number, object: string) => db.sql(`insert into riskdesk.audit_log (actor, via, action, object, outcome) select 'nobody', 'none', 'test.write', $1, 'success' from generate_series(1, $2::int)`, [object, n]);
/** What a superuser can do: no trigger is in the way. */
async function asSuperuser(...statements: string[]): Promise<void> {
  for (const statement of ['set session_replication_role = replica', ...statements, 'set session_replication_role = origin']) await db.sql(statement);
}

describe('S14: what a superuser does to the log is found, and the first bad entry named', () => {
  let signed = '';
  beforeAll(async () => {
    for (let n = 1; n <= 40; n += 1) await writeAudit(database(), entry(n));
    expect(await takeCheckpoints()).toBe(1);
    for (let n = 41; n <= 55; n += 1) await writeAudit(database(), entry(n));
    expect(await takeCheckpoints()).toBe(1);
    for (let n = 56; n <= 60; n += 1) await writeAudit(database(), entry(n));
    await db.sql('create table kept as table riskdesk.audit_log');
    await db.sql('create table kept_checkpoints as table riskdesk.audit_checkpoints');
    signed = readFileSync(outsideFile() ?? '', 'utf8');
  });
  afterEach(async () => {
    await asSuperuser(
      'truncate riskdesk.audit_log, riskdesk.audit_checkpoints',
      'insert into riskdesk.audit_log (id, at, actor_id, actor, via, action, object, outcome, details, address, position, hash) overriding system value select id, at, actor_id, actor, via, action, object, outcome, details, address, position, hash from kept order by position',
      'insert into riskdesk.audit_checkpoints select * from kept_checkpoints',
    );
    writeFileSync(outsideFile() ?? '', signed);
  });

  test('untouched it is intact, to the last entry', async () => {
    expect(await verify()).toMatchObject({ state: 'intact', checked: 60, next: null, bad: null, checkpoints: 2, foreign: 0, signedTo: 55 });
    expect(await verify(31)).toMatchObject({ state: 'intact', checked: 30 });
    expect((await call('GET', '/api/audit/verification', { cookie: people.analyst.cookie })).status).toBe(403);
  });

  const swap = (a: number, b: number) => `update riskdesk.audit_log set position = case position when ${a} then -${b} when ${b} then -${a} end where position in (${a}, ${b}); update riskdesk.audit_log set position = -position where position < 0`.split('; ');
  const up = (from: number) => [`update riskdesk.audit_log set position = -position - 1 where position >= ${from}`, 'update riskdesk.audit_log set position = -position where position < 0'];
  const down = (from: number) => [`update riskdesk.audit_log set position = -position + 1 where position > ${from}`, 'update riskdesk.audit_log set position = -position where position < 0'];
  const rehash = (at: number) => `update riskdesk.audit_log a set hash = riskdesk.audit_hash((select hash from riskdesk.audit_log where position = ${at - 1}), a) where position = ${at}`;
  const put = (at: number) => `insert into riskdesk.audit_log (actor, via, action, object, outcome, position, hash) values ('nobody', 'none', 'test.write', 'x', 'success', ${at}, '\\x00')`;
  const noCheckpoints = 'truncate riskdesk.audit_checkpoints';
  const rewriteFrom = (at: number) => Array.from({ length: 61 - at }, (_, index) => rehash(at + index));

  test.each<[name: string, kind: string, position: number, statements: string[]]>([
    ['an entry is edited', 'edited', 20, [`update riskdesk.audit_log set details = '{"n": 21}' where position = 20`]],
    ['a time is edited by a microsecond', 'edited', 20, [`update riskdesk.audit_log set at = at + interval '1 microsecond' where position = 20`]],
    ['an entry that is not signed yet is edited', 'edited', 58, [`update riskdesk.audit_log set outcome = 'refused' where position = 58`]],
    ['an entry is edited, with a hash that fits', 'rewritten', 20, [`update riskdesk.audit_log set actor = 'nobody' where position = 20`, rehash(20)]],
    ['all is written anew from an edited entry on', 'rewritten', 20, [`update riskdesk.audit_log set actor = 'nobody' where position = 20`, ...rewriteFrom(20), noCheckpoints]],
    ['an entry is deleted', 'deleted', 20, ['delete from riskdesk.audit_log where position = 20']],
    ['the first entry is deleted', 'deleted', 1, ['delete from riskdesk.audit_log where position = 1']],
    ['an entry is deleted, and the others move up', 'deleted', 20, ['delete from riskdesk.audit_log where position = 20', ...down(20)]],
    ['two entries change places', 'reordered', 20, swap(20, 21)],
    ['two entries far from one another change places', 'reordered', 7, swap(7, 53)],
    ['two entries that are not signed yet change places', 'reordered', 57, swap(57, 58)],
    ['an entry is put in', 'inserted', 20, [...up(20), put(20)]],
    ['an entry is put in, with a hash that fits', 'inserted', 20, [...up(20), put(20), rehash(20)]],
    ['an entry is put in where nothing is signed yet', 'inserted', 58, [...up(58), put(58)]],
    ['the tail is cut', 'cut', 46, ['delete from riskdesk.audit_log where position > 45']],
    ['the tail is cut with the checkpoints in the database', 'cut', 46, ['delete from riskdesk.audit_log where position > 45', noCheckpoints]],
    ['the tail is cut where nothing is signed yet', 'cut', 58, ['delete from riskdesk.audit_log where position > 57']],
    ['the tail is cut where nothing is signed yet, and another put in its place that fits', 'rewritten', 58, ['delete from riskdesk.audit_log where position > 57', put(58), rehash(58)]],
    ['all is removed', 'cut', 1, ['truncate riskdesk.audit_log', noCheckpoints]],
    ['a checkpoint is removed', 'checkpoint_removed', 40, ['delete from riskdesk.audit_checkpoints where position = 40']],
    ['a checkpoint is forged', 'checkpoint_forged', 60, [`insert into riskdesk.audit_checkpoints (first, position, hash, witness, key_id, signature) select 56, 60, a.hash, decode(repeat('00', 80), 'hex'), key_id, signature from riskdesk.audit_log a, riskdesk.audit_checkpoints c where a.position = 60 and c.position = 55`]],
  ])('%s: %s at %i', async (_, kind, position, statements) => {
    await asSuperuser(...statements);
    const { state, bad } = await verify();
    expect(bad, bad?.says).toMatchObject({ kind, position });
    expect(state).toBe('broken');
  });

  test('the whole log is replaced by another that holds together, its checkpoints too', async () => {
    await asSuperuser('truncate riskdesk.audit_log, riskdesk.audit_checkpoints');
    await elsewhere(60, 'forged');
    expect((await verify()).bad).toMatchObject({ kind: 'rewritten', position: 1 });
    await expect(takeCheckpoints()).rejects.toThrow(Tampered);
  });

  test('what is written after a cut cannot hide it, and nothing is signed that does not follow', async () => {
    await asSuperuser('delete from riskdesk.audit_log where position > 45', noCheckpoints);
    await elsewhere(25, 'later');
    expect((await verify()).bad).toMatchObject({ kind: 'rewritten', position: 46 });
    await expect(takeCheckpoints()).rejects.toThrow(Tampered);
  });

  test('without a file the checkpoints in the database find it; a line that a crash has cut off is no checkpoint', async () => {
    writeFileSync(outsideFile() ?? '', '{"first":1,"position":99,"at');
    await asSuperuser('delete from riskdesk.audit_log where position > 45');
    expect((await verify()).bad).toMatchObject({ kind: 'cut', position: 46 });
    expect((await verify(50)).bad).toMatchObject({ kind: 'cut', position: 50 });
  });

  test('what is cut off before it is signed is missed by who wrote it, and found by whoever looks later', async () => {
    await transaction(async (tx) => {
      for (const n of [61, 62, 63]) await writeAudit(tx, entry(n));
    });
    await asSuperuser('delete from riskdesk.audit_log where position > 61');
    // Others go on writing, so that the place is taken.
    await elsewhere(3, 'later');
    await writeAudit(database(), entry(64));
    expect((await verify()).bad).toMatchObject({ kind: 'rewritten', position: 62 });
    await expect(takeCheckpoints()).rejects.toThrow(Tampered);
    delete (globalThis as { riskdeskWitness?: unknown }).riskdeskWitness;
    expect((await verify()).bad).toMatchObject({ kind: 'rewritten', position: 62 });
    await expect(takeCheckpoints()).rejects.toThrow(Tampered);
  });

  test('checkpoints go on after all that, and reach the file behind the cut line', async () => {
    appendFileSync(outsideFile() ?? '', '{"first":1,"position":99,"at');
    await takeCheckpoints();
    expect(await verify()).toMatchObject({ state: 'intact', checkpoints: 3, signedTo: 60 });
    expect(statSync(outsideFile() ?? '').mode & 0o777).toBe(0o600);
  });
});

test('S14: the application’s role cannot change, delete or empty it, nor choose a hash; the chain is the database’s own', async () => {
  const app = await db.connect('app');
  for (const table of ['audit_log', 'audit_checkpoints']) {
    for (const statement of [`update riskdesk.${table} set at = at`, `delete from riskdesk.${table}`, `truncate riskdesk.${table}`, `alter table riskdesk.${table} disable trigger all`]) {
      await expect(app.query(statement), statement).rejects.toMatchObject({ code: '42501' });
    }
    // Not even who owns it, with the triggers in place.
    await expect((await db.connect('maintenance')).query(`delete from riskdesk.${table}`)).rejects.toMatchObject({ code: '42501' });
  }
  await app.query(`insert into riskdesk.audit_log (actor, via, action, object, outcome, position, hash) values ('x', 'none', 'x', 'x', 'success', 7, '\\x00')`);
  expect((await verify()).state).toBe('intact');
});

test('what is written is signed at once, by whoever wrote it; what is rolled back is not waited for', async () => {
  await takeCheckpoints();
  await untilWritten(1, () => 1);
  let woken = false;
  const waiting = untilWritten(60_000, () => 1).then(() => (woken = true));
  await transaction(async (tx) => {
    await writeAudit(tx, entry(1));
    throw new Error('rolled back');
  }).catch(() => {});
  await elsewhere(1, 'another');
  expect([woken, remembered().size]).toEqual([false, 0]);
  await writeAudit(database(), entry(2));
  await waiting;
  expect(remembered().size).toBe(1);
  expect(await takeCheckpoints()).toBe(1);
  expect(remembered().size).toBe(0);
});

test('positions have no gaps: what is rolled back leaves none, and writers at the same time take turns', async () => {
  const write = (n: number) => transaction(async (tx) => {
    await writeAudit(tx, entry(n));
    if (n % 3 === 0) throw new Error('rolled back');
  }).catch(() => {});
  await Promise.all(Array.from({ length: 60 }, (_, n) => write(n)));
  await db.sql(`insert into riskdesk.audit_log (actor, via, action, object, outcome) select 'many', 'none', 'x', 'y' || n, 'success' from generate_series(1, 50) n`);
  const [{ n, most } = { n: 0, most: 1 }] = await db.sql<{ n: number; most: number }>('select count(*)::int as n, max(position)::int as most from riskdesk.audit_log');
  expect(n).toBe(most);
  expect((await verify()).state).toBe('intact');
});

test('a long log is verified in slices, each saying where to go on', async () => {
  await db.sql(`insert into riskdesk.audit_log (actor, via, action, object, outcome, details) select 'many', 'none', 'x', 'y', 'success', jsonb_build_object('n', n, 'text', repeat('x', 300)) from generate_series(1, $1::int) n`, [rounds * 2000]);
  await takeCheckpoints();
  const [started, memory] = [performance.now(), process.memoryUsage().rss];
  let [checked, answers, peak] = [0, 0, 0];
  for (let from: number | null = 1; from !== null; answers += 1) {
    const { state, next, checked: more } = await verifyAudit(database(), from, { entries: 4000, ms: 60_000 });
    expect(state).toBe('intact');
    checked += more;
    from = next;
    peak = Math.max(peak, process.memoryUsage().rss - memory);
  }
  const [{ n } = { n: 0 }] = await db.sql<{ n: number }>('select count(*)::int as n from riskdesk.audit_log');
  expect(checked).toBe(n);
  expect(answers).toBeGreaterThan(2);
  process.stdout.write(`S14: ${n} entries verified in ${answers} answers, ${Math.round(n / ((performance.now() - started) / 1000))} entries a second, at most ${(peak / 2 ** 20).toFixed(0)} MB more than before\n`);
  await asSuperuser(`update riskdesk.audit_log set actor = 'nobody' where position = ${n - 1}`);
  let last: Verification | undefined;
  for (let from: number | null = 1; from !== null; from = last.next) last = await verifyAudit(database(), from);
  expect(last?.bad).toMatchObject({ kind: 'edited', position: n - 1 });
});

test('what the chain costs writers that meet', async () => {
  await db.sql('create table riskdesk.plain_log (like riskdesk.audit_log including identity including indexes including defaults)');
  await db.sql('create sequence riskdesk.plain_position');
  await db.sql(`alter table riskdesk.plain_log alter column position set default nextval('riskdesk.plain_position'), alter column hash set default '\\x00'`);
  const writers = await Promise.all(Array.from({ length: 8 }, () => db.connect('superuser')));
  const rate = async (table: string) => {
    const started = performance.now();
    await Promise.all(writers.map(async (writer) => {
      for (let n = 0; n < rounds * 25; n += 1) await writer.query(`insert into riskdesk.${table} (actor, via, action, object, outcome, details) values ('x', 'session', 'test.write', 'thing', 'success', '{"a": 1}')`);
    }));
    return (writers.length * rounds * 25) / ((performance.now() - started) / 1000);
  };
  const rates = { plain: await rate('plain_log'), chained: await rate('audit_log') };
  await takeCheckpoints();
  let spent = 0;
  for (let n = 0; n < 20; n += 1) {
    await writeAudit(database(), entry(n));
    const began = performance.now();
    await takeCheckpoints();
    spent += performance.now() - began;
  }
  process.stdout.write(`a checkpoint of one entry, on disk in both places: ${(spent / 20).toFixed(1)} ms\n`);
  process.stdout.write(`8 writers of audit rows alone: ${rates.plain.toFixed(0)} a second without the chain, ${rates.chained.toFixed(0)} with it, ratio ${(rates.chained / rates.plain).toFixed(2)}\n`);
  const [{ n, most } = { n: 0, most: 1 }] = await db.sql<{ n: number; most: number }>('select count(*)::int as n, max(position)::int as most from riskdesk.audit_log');
  expect(n).toBe(most);
});
