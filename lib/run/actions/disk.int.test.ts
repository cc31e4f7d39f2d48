import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { serverAccount, spawnAs } from '@/scripts/postgres/account';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { multiset, plantFamily } from '@/test/partitioned';
import { useProduct } from '@/test/product';
import { startProductServer } from '@/test/server';

const MiB = 1024 * 1024;
const server = await startProductServer({ settings: { maintenance_work_mem: '512MB', autovacuum: 'off', shared_buffers: '256MB' } });
const { connect, owner: asOwner } = useProduct(server);
const superuser = await connect(server.url(server.database));
const sql = async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> => (await superuser.query<T>(text, values)).rows;
const db = { sql, connect: asOwner };
const actions = await useActions(db);
const { shown, run, done } = onTarget(actions);

/**
 * Sessions from now on cannot make a file longer than this. To a statement it is what a full disk is, and nobody needs rights to mount one: a write that crosses the
 * limit is cut short, the next one gets EFBIG instead of ENOSPC. The half page over makes PostgreSQL see the short write.
 */
function limitFiles(bytes: number | null): void {
  const [pid = ''] = readFileSync(join(server.dataDir, 'postmaster.pid'), 'utf8').split('\n');
  const { status, stderr } = spawnSync('prlimit', ['--pid', pid, `--fsize=${bytes === null ? 'unlimited' : bytes + 4096}:`], { ...spawnAs(serverAccount(server.dataDir)), encoding: 'utf8' });
  expect(stderr, 'prlimit, of util-linux').toBe('');
  expect(status).toBe(0);
}
/** More than a segment of the WAL, less than any of the files that these actions make. */
const limit = 20 * MiB;
afterEach(() => limitFiles(null));

/** Bytes that this database's files take, those that no catalog knows included. */
const onDisk = async () => (await sql<{ bytes: number }>(`select sum(s.size)::float8 as bytes from pg_ls_dir('base/' || (select oid from pg_database where datname = current_database())) f cross join lateral pg_stat_file('base/' || (select oid from pg_database where datname = current_database()) || '/' || f, true) s`))[0]?.bytes ?? 0;
const begun = async () => (await sql<{ at: string }>('select pg_postmaster_start_time()::text as at'))[0]?.at;
const full = /^The server’s disk is full, or what it may use of it: could not (extend|write to) file .*\(SQLSTATE (53100|XX000)\)\. /;

describe('R6: the disk runs full', { timeout: 120_000 }, () => {
  let since: string | undefined;
  beforeAll(async () => {
    const owner = await asOwner();
    await owner.query('create table wide (id int primary key, note text)');
    await owner.query(`insert into wide select g, string_agg(md5(g::text || k), '' order by k) from generate_series(1, 25000) g, generate_series(1, 32) k group by g`);
    await owner.query('vacuum (freeze, analyze) wide');
    await sql('checkpoint');
    since = await begun();
  });

  const cases: [string, Record<string, string>, { confirm?: string }][] = [
    ['tables.vacuum_full', { table: 'public.wide' }, { confirm: 'public.wide' }],
    ['indexes.create', { table: 'public.wide', columns: 'note, id' }, {}],
  ];
  test.each(cases)('%s: what it needs and what is free is said before; it fails in plain words, leaves nothing behind, and succeeds once there is room', async (action, params, more) => {
    const { estimate } = await shown(action, params);
    expect(estimate.disk_bytes).toBeGreaterThan(limit);
    expect(estimate.free_bytes).toBeGreaterThan(0);
    const [before, size] = [await multiset(sql, ['public.wide']), await onDisk()];
    limitFiles(limit);
    const job = await actions.ended(await actions.start(action, params, more));
    expect(job).toMatchObject({ state: 'failed', says: expect.stringMatching(full) });
    limitFiles(null);
    expect(await multiset(sql, ['public.wide'])).toEqual(before);
    expect(await sql('select from pg_index where not indisvalid')).toEqual([]);
    await sql('checkpoint');
    // What a statement has half written goes with its transaction, not only at the next start.
    expect(Math.abs((await onDisk()) - size)).toBeLessThan(MiB);
    expect(await begun(), 'the server never stopped').toBe(since);
    expect(await actions.done(action, params, more)).toMatchObject({ state: 'succeeded' });
  });

  test('partitions.archive: every row is in the table or in the archive, and it goes on from there', async () => {
    const planted = await plantFamily(db, { name: 'filling', rows: 25_000, months: 2, plain: true });
    await planted.owner.query(`update ${planted.table} set body = (select string_agg(md5(id::text || k), '') from generate_series(1, 58) k)`);
    await sql('checkpoint');
    const params = { table: planted.table, days: '1', partial: 'go too' };
    const all = await multiset(sql, planted.tables);
    expect((await shown('partitions.archive', params)).estimate).toEqual({ disk_bytes: expect.any(Number), free_bytes: expect.any(Number) });
    limitFiles(limit);
    const job = await run('partitions.archive', params);
    process.stdout.write(`R6: partitions.archive ${job.state}: ${job.says}\n`);
    expect(job).toMatchObject({ state: 'failed', resumable: true, says: expect.stringMatching(full) });
    limitFiles(null);
    const sums = async () => {
      const [live, kept] = [await multiset(sql, planted.tables), await multiset(sql, planted.archives)];
      return live.map(({ n, sum }, index) => ({ n: n + (kept[index]?.n ?? 0), sum: String(BigInt(sum ?? 0) + BigInt(kept[index]?.sum ?? 0)) }));
    };
    expect(await sums()).toEqual(all);
    expect(await planted.violations()).toEqual([]);
    expect(await begun(), 'the server never stopped').toBe(since);
    await done('partitions.archive', params);
    expect(await sums()).toEqual(all);
  });
});

test('what is free is said of one place alone, and only where it can be known', async () => {
  const { freeDisk } = await import('./free-disk');
  const { render } = await import('@/lib/pg/sql');
  const as = (client: pg.Client) => async <T>(statement: Parameters<typeof render>[0]) => (await client.query<never>(render(statement))).rows as T[];
  await superuser.query('set allow_in_place_tablespaces = on');
  await superuser.query(`create tablespace other location ''`);
  await superuser.query('create table apart (a int primary key)');
  const [{ oid = '' } = {}] = await sql<{ oid: string }>(`select 'apart'::regclass::oid::text as oid`);
  const free = () => freeDisk(as(superuser), { relations: [oid] });
  expect(await free()).toBeGreaterThan(0);
  expect(await freeDisk(as(superuser), { tablespace: 'other' })).toBeGreaterThan(0);
  await superuser.query('alter index apart_pkey set tablespace other');
  expect(await free(), 'the index stands elsewhere').toBeNull();
  const app = await connect(server.url(server.database, server.env['DB_USER'], server.env['DB_PASSWORD']));
  expect(await freeDisk(as(app), { tablespace: '' }), 'a role that does not see where the data is').toBeNull();
});
