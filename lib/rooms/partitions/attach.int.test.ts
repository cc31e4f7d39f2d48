import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
vi.setConfig({ testTimeout: 90_000 });
const actions = await useActions(db);

describe.each([['main', db], ['pg14', old]] as const)('on %s', (target, server) => {
  const { shown, done, start, ended, preview } = onTarget(actions, target);
  const plant = async (name: string, fallback: boolean) => {
    const owner = await server.connect('maintenance');
    await owner.query(`create table "${name}" (at date not null, n int, primary key (at)) partition by range (at)`);
    await owner.query(`create table "${name}_1" partition of "${name}" for values from ('2025-01-01') to ('2025-02-01')`);
    await owner.query(`create table "${name}_2" partition of "${name}" for values from ('2025-02-01') to ('2025-03-01')`);
    if (fallback) await owner.query(`create table "${name}_rest" partition of "${name}" default`);
    await owner.query(`insert into "${name}" select date '2025-01-01' + g, g from generate_series(0, 57) g`);
    return owner;
  };
  const count = async (name: string) => (await server.sql<{ n: number }>(`select count(*)::int as n from public."${name}"`))[0]?.n;

  test.each([['concurrently', false, /CONCURRENTLY/], ['beside a DEFAULT', true, /^BEGIN;(?!.*CONCURRENTLY)/s]] as const)('detached %s and attached again, the rows go and come', async (_, fallback, how) => {
    const name = fallback ? 'with "rest"'.replaceAll('"', '') : 'without';
    await plant(name, fallback);
    const partition = `public."${name}_2"`;
    const [step] = (await shown('partitions.detach', { partition })).plan;
    expect(step?.sql).toMatch(how);
    await done('partitions.detach', { partition });
    // What PostgreSQL leaves behind is said before.
    expect(/check of its bounds/.test(step?.note ?? '')).toBe((await server.sql(`select from pg_constraint where conrelid = '${partition}'::regclass and contype = 'c'`)).length > 0);
    expect(await count(name)).toBe(31);
    const back = { table: `public."${name}"`, partition, from: '2025-02-01', to: '2025-03-01' };
    expect((await preview('partitions.attach', { ...back, from: '2025-01-15' })).body).toMatchObject({ guards: [{ name: 'overlap' }] });
    expect((await shown('partitions.attach', back)).blocks).toMatch(/but those that reach a DEFAULT partition; these, and those of the table to attach, wait/);
    await done('partitions.attach', back);
    expect(await count(name)).toBe(58);
    expect(await server.sql(`select conname from pg_constraint where conname ~ '^riskdesk'`)).toEqual([]);
  });

  test('R11: broken off half way it is finished, so that nothing is left pending', async () => {
    await plant('half', false);
    const reader = await server.connect('superuser');
    await reader.query('begin; select * from half');
    const id = await start('partitions.detach', { partition: 'public.half_2' });
    const pending = () => server.sql(`select inhrelid::regclass::text as part from pg_inherits where inhdetachpending`);
    await vi.waitFor(async () => expect(await pending()).toEqual([{ part: 'half_2' }]), { timeout: 10_000, interval: 50 });
    await server.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`);
    await sleep(700);
    await reader.query('rollback');
    const job = await ended(id);
    expect(`${job.state}: ${job.says}`).toMatch(/succeeded|mended/);
    expect(await pending()).toEqual([]);
    expect([await count('half'), await count('half_2')]).toEqual([31, 27]);
  });

  test('a partition that others refer to is not detached: its rows would be left without', async () => {
    const owner = await plant('referred', false);
    await owner.query('create table referring (at date references referred)');
    expect((await preview('partitions.detach', { partition: 'public.referred_1' })).body).toMatchObject({ guards: [{ name: 'referred', saferWay: expect.stringContaining('partitions.archive') }] });
  });
});
