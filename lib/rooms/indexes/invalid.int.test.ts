import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Measured } from '@/lib/kit/result';
import { askMeasured } from '@/test/ask';
import { useDatabase } from '@/test/database';

const newest = await useDatabase();
const oldest = await useDatabase({ major: 14 });
const clean = await useDatabase({ migrated: false });
await clean.sql('create extension pg_stat_statements');

process.env.TARGETS = [`pg14=${oldest.url('monitor')}`, `clean=${clean.url('monitor')}`, `bare=${newest.url('app')}`].join(' ');

const { diagnostics } = await import('@/lib/run/registry');
const { closeMonitors } = await import('@/lib/run/monitor');

afterAll(closeMonitors);

const measured = (target: string, name: string, query: Record<string, string> = {}) => askMeasured(`indexes.${name}`, { target, ...query });

const stateOf = (result: Measured, index: string) => result.rows.find((row) => row['index'] === index)?.['state'];

describe.each([['main', newest], ['pg14', oldest]] as const)('invalid, %s', (target, db) => {
  /** Runs a concurrent statement that has to wait for a writer, looks at it there, and cancels it. */
  async function cutOff(statement: string, look: (pid: number) => Promise<void>): Promise<void> {
    const [writer, builder] = [await db.connect('superuser'), await db.connect('superuser')];
    const pid = Number((await builder.query('select pg_backend_pid() as pid')).rows[0].pid);
    await writer.query('begin');
    await writer.query('insert into planted values (0)');
    const ended = builder.query(statement).then(() => 'done', () => 'cancelled');
    await vi.waitFor(async () => {
      const [waiting] = await db.sql<{ phase: string }>('select phase from pg_stat_progress_create_index where pid = $1', [pid]);
      expect(waiting?.phase).toMatch(/^waiting for writers/);
    }, { timeout: 10_000 });
    await look(pid);
    await db.sql('select pg_cancel_backend($1)', [pid]);
    expect(await ended).toBe('cancelled');
    await writer.query('rollback');
  }

  beforeAll(async () => {
    await db.sql('create table planted (a int)');
    await db.sql('insert into planted values (1), (1)');
    await db.sql('create index planted_a on planted (a)');
  });

  test('a build in progress is told apart from what it leaves when it is cut off', async () => {
    await cutOff('create index concurrently planted_new on planted (a)', async (pid) => {
      const result = await measured(target, 'invalid');
      expect(result.rows).toMatchObject([{ index: 'public.planted_new', state: 'in progress', pid }]);
      expect(result.findings).toMatchObject([{ code: 'indexes.building', severity: 'info', remedy: null }]);
      // A role without pg_monitor sees that something is built, not what.
      if (target === 'main') expect((await measured('bare', 'invalid')).rows).toMatchObject([{ index: 'public.planted_new', state: 'not known' }]);
    });
    const left = await measured(target, 'invalid');
    expect(left.rows).toMatchObject([{ index: 'public.planted_new', state: 'failed build or drop' }]);
    expect(left.findings).toMatchObject([{ code: 'indexes.invalid', severity: 'warning', remedy: { action: 'indexes.drop_invalid', params: { index: 'public.planted_new' } } }]);
    await db.sql('drop index planted_new');
  });

  test('REINDEX CONCURRENTLY: in progress, then left over beside the index that it was for; twice with a number', async () => {
    for (const leftover of ['planted_a_ccnew', 'planted_a_ccnew1']) {
      await cutOff('reindex index concurrently planted_a', async () => expect(stateOf(await measured(target, 'invalid'), `public.${leftover}`)).toBe('in progress'));
      const found = await measured(target, 'invalid', { q: leftover });
      expect(found.rows.find((row) => row['index'] === `public.${leftover}`)).toMatchObject({ state: 'left by REINDEX (new)', original: 'public.planted_a' });
    }
    await db.sql('create index planted_b_ccold on planted (a)');
    await db.sql(`update pg_index set indisvalid = false where indexrelid = 'planted_b_ccold'::regclass`);
    // No index of which it could be the old one.
    expect(stateOf(await measured(target, 'invalid'), 'public.planted_b_ccold')).toBe('failed build or drop');
    await db.sql('create index planted_b on planted (a)');
    expect(stateOf(await measured(target, 'invalid'), 'public.planted_b_ccold')).toBe('left by REINDEX (old)');
  });

  test('a failed unique build, and an index of a partitioned table that lacks a part', async () => {
    await expect(db.sql('create unique index concurrently planted_unique on planted (a)')).rejects.toThrow(/could not create unique index/);
    await db.sql('create table parted (a int) partition by list (a)');
    await db.sql('create table parted_1 partition of parted for values in (1)');
    await db.sql('create table parted_2 partition of parted for values in (2)');
    await db.sql('create index parted_a on only parted (a)');
    await db.sql('create index parted_1_a on parted_1 (a)');
    await db.sql('alter index parted_a attach partition parted_1_a');
    const result = await measured(target, 'invalid');
    expect(stateOf(result, 'public.planted_unique')).toBe('failed build or drop');
    expect(result.findings.find(({ about }) => about === 'public.parted_a')).toMatchObject({ code: 'indexes.incomplete', evidence: { lacking: 1 } });
  });
});

describe('bloat', () => {
  const fixtures: [name: string, definition: string][] = [
    ['number', '(id)'], ['random', '(r)'], ['state', '(state)'], ['words', '(words)'], ['two', '(state, id)'], ['mostly', '(seldom)'], ['money', '(amount)'], ['lowered', '(lower(words))'], ['stored', '(id) include (state)'], ['few', '(state) where id % 3 = 0'],
    ['small', '(small)'], ['both', '(small, state)'],
  ];

  beforeAll(async () => {
    await newest.sql('create table bloated (id int, r uuid, state text, words text, seldom int, amount numeric, small int) with (autovacuum_enabled = off)');
    for (const [name, definition] of fixtures) await newest.sql(`create index bloated_${name} on bloated ${definition}`);
    await newest.sql(`insert into bloated select i, gen_random_uuid(), 'state ' || i % 6, 'some words ' || md5(i::text), case when i % 20 = 0 then i end, i * 1.5, i % 500 from generate_series(1, 60000) i`);
    await newest.sql('delete from bloated where id % 10 < 7');
    await newest.sql('vacuum analyze bloated');
    await newest.sql('create table unknown (a int) with (autovacuum_enabled = off)');
    await newest.sql('create index unknown_a on unknown (a)');
    await newest.sql('insert into unknown select generate_series(1, 5000)');
  });

  test('what a rebuild gives back lies within the interval', async () => {
    const result = await measured('main', 'bloat', { min_bytes: '0', min_bloat_bytes: '1000', q: 'bloated' });
    const found = new Map(result.rows.map((row) => [row['index'], row]));
    const table: Record<string, unknown>[] = [];
    for (const [name] of fixtures) {
      const row = found.get(`public.bloated_${name}`);
      await newest.sql(`reindex index bloated_${name}`);
      const [after] = await newest.sql<{ bytes: string }>(`select pg_relation_size('bloated_${name}') as bytes`);
      const gained = Number(row?.['size_bytes']) - Number(after?.bytes);
      table.push({ name, gained, within: gained >= Number(row?.['least_bytes']) - 8192 && gained <= Number(row?.['most_bytes']) + 8192, ...row });
    }
    expect(table.filter((row) => !row['within'])).toEqual([]);
    expect(result.findings.map(({ about }) => about)).toContain('public.bloated_number');
    expect(result.findings.every(({ code }) => code === 'indexes.bloat')).toBe(true);
  });

  test('never analysed, or not readable, is not known; and what is hidden is said', async () => {
    const result = await measured('main', 'bloat', { min_bytes: '0', q: 'unknown' });
    expect(result.rows).toMatchObject([{ index: 'public.unknown_a', state: 'not known: never analysed', bloat_bytes: null, least_bytes: null }]);
    const bare = await measured('bare', 'bloat', { min_bytes: '0', q: 'bloated' });
    expect(new Set(bare.rows.map((row) => row['state']))).toEqual(new Set(['not known: its statistics may not be read']));
    expect(bare.findings).toMatchObject([{ code: 'indexes.bloat_hidden', remedy: { sql: expect.stringContaining('GRANT pg_read_all_data TO "riskdesk_app";') } }]);
    const nulls = await measured('bare', 'null_keys', { min_bytes: '0', q: 'bloated' });
    expect(new Set(nulls.rows.map((row) => row['null_ratio']))).toEqual(new Set([null]));
    expect(nulls.findings).toMatchObject([{ code: 'indexes.null_keys_hidden' }]);
  });
});

const names = [...diagnostics.values()].filter(({ room }) => room.name === 'indexes').map(({ diagnostic }) => diagnostic.name);
const widest: Record<string, Record<string, string>> = {
  unused: { min_days: '0', min_table_scans: '0' },
  low_use: { min_days: '0', min_bytes: '0', min_writes: '0' },
  bloat: { min_bytes: '0', min_bloat_bytes: '0' },
  null_keys: { min_bytes: '0' },
  hot: { min_updates: '0' },
};

describe('a clean database', () => {
  test.each(names)('%s: nothing in an empty one', async (name) => {
    expect(await measured('clean', name, widest[name])).toMatchObject({ rows: [], findings: [] });
  });

  test('no finding where every index is wanted', async () => {
    await clean.sql('create table owner (id int primary key)');
    await clean.sql('create table thing (id int primary key, owner_id int references owner, at timestamptz not null, code text unique) with (autovacuum_enabled = off)');
    await clean.sql('create index thing_owner on thing (owner_id, at)');
    await clean.sql('insert into owner select generate_series(1, 50)');
    await clean.sql(`insert into thing select i, i % 50 + 1, now(), 'c' || i from generate_series(1, 5000) i`);
    await clean.sql('reindex table thing');
    await clean.sql('vacuum analyze thing');
    for (const name of names) expect((await measured('clean', name, widest[name])).findings, name).toEqual([]);
  });
});
