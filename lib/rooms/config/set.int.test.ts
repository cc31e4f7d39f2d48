import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pg from 'pg';
import { useActions } from '@/test/actions';
import { startTestServer, type TestServer } from '@/test/cluster';
import { useDatabase } from '@/test/database';
import { wantedValue } from './wanted-value';

const main = await useDatabase();
const servers: [string, TestServer][] = [['new', await startTestServer({ major: 18, settings: { shared_preload_libraries: null } })], ['old', await startTestServer({ major: 14, settings: { shared_preload_libraries: null } })]];
process.env.TARGETS = servers.map(([name, server]) => `${name}=${server.url()}`).join(' ');
const actions = await useActions(main);
afterAll(async () => {
  await (await import('@/lib/run/monitor')).closeMonitors();
  for (const [, server] of servers) await server.dispose();
});

describe.each(servers)('on a server of its own: %s', (target, server) => {
  const options = { target };
  const rows = async <T extends pg.QueryResultRow>(text: string, url = server.url()): Promise<T[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<T>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const valueOf = async (name: string) => (await rows<{ value: string; pending: boolean }>(`select setting as value, pending_restart as pending from pg_settings where name = '${name}'`))[0];
  const auto = () => readFile(join(server.dataDir, 'postgresql.auto.conf'), 'utf8');
  const every = async () => JSON.stringify(await rows(`select name, setting, source, sourcefile, pending_restart from pg_settings where context <> 'internal' and name not in ('application_name') order by name`));
  const guards = async (name: string, value: string) => (await actions.refused('config.set', { name, value }, options)).map((guard) => guard.name);
  const back = async (inverse: unknown) => {
    const { action, params } = inverse as { action: string; params: Record<string, string> };
    return actions.done(action, params, options);
  };

  beforeAll(async () => {
    await rows(`alter system set maintenance_work_mem = '70000'`);
    await rows('select pg_reload_conf()');
  });

  test.each([['work_mem', '12 MB', '12288'], ['maintenance_work_mem', '96MB', '98304'], ['track_io_timing', 'OFF', 'off'], ['log_line_prefix', "%m 'it''s' \\ %q ", "%m 'it''s' \\ %q "]])('%s = %s is in force at once, and its inverse brings back file and values', async (name, value, held) => {
    const [before, file] = [await every(), await auto()];
    const job = await actions.done('config.set', { name, value }, options);
    expect(await valueOf(name)).toEqual({ value: held, pending: false });
    const undone = await back(job.inverse);
    expect(await every()).toBe(before);
    expect(await auto()).toBe(file);
    expect(undone.inverse).toEqual({ action: 'config.set', params: { name, value } });
  });

  test('what needs a restart says so, is pending, and is there after it', async () => {
    const { plan } = await actions.sealed('config.set', { name: 'max_connections', value: '150' }, options);
    expect(plan[0]).toMatchObject({ sql: `ALTER SYSTEM SET "max_connections" = '150'`, note: expect.stringContaining('next restart') });
    const job = await actions.done('config.set', { name: 'max_connections', value: '150' }, options);
    expect(job.after).toMatchObject({ value: 100, pending_restart: 1 });
    await server.stop();
    await server.start();
    expect(await valueOf('max_connections')).toEqual({ value: '150', pending: false });
    await back(job.inverse);
    await server.stop();
    await server.start();
    expect(await valueOf('max_connections')).toEqual({ value: '100', pending: false });
  });

  test('a library is tried before it is set, each is a value of its own, and the server starts with it', async () => {
    const { plan } = await actions.sealed('config.set', { name: 'shared_preload_libraries', value: 'pg_stat_statements, auto_explain' }, options);
    expect(plan.map(({ sql }) => sql)).toEqual(["LOAD 'pg_stat_statements'", "LOAD 'auto_explain'", `ALTER SYSTEM SET "shared_preload_libraries" = 'pg_stat_statements', 'auto_explain'`, 'SELECT pg_reload_conf(), pg_sleep(0.3)']);
    const job = await actions.done('config.set', { name: 'shared_preload_libraries', value: 'pg_stat_statements, auto_explain' }, options);
    await server.stop();
    await server.start();
    expect(await valueOf('shared_preload_libraries')).toEqual({ value: 'pg_stat_statements, auto_explain', pending: false });
    await back(job.inverse);
    await server.stop();
    await server.start();
    expect(await valueOf('shared_preload_libraries')).toEqual({ value: '', pending: false });
  });

  test('values with which the server would not start, that lose data or lock people out are refused, and nothing is written', async () => {
    const file = await auto();
    const refused: [string, string, string][] = [
      ['shared_buffers', '900GB', 'restart'], ['shared_buffers', '200MB', 'restart'], ['huge_pages', 'on', 'restart'], ['max_connections', '100000', 'restart'], ['max_connections', '3', 'restart'], ['superuser_reserved_connections', '100', 'restart'], ['max_locks_per_transaction', '2000000000', 'restart'], ['max_replication_slots', '0', 'restart'], ['wal_level', 'minimal', 'restart'],
      ['shared_preload_libraries', 'nope', 'library'], ['shared_preload_libraries', 'auto_explain, auto_explain', 'library'],
      ['archive_command', 'rm -rf /', 'closed'], ['restore_command', 'x', 'closed'], ['session_preload_libraries', 'auto_explain', 'closed'], ['listen_addresses', '', 'source'], ['port', '5433', 'source'], ['ssl', 'on', 'closed'], ['hba_file', '/tmp/x', 'closed'], ['log_directory', '/tmp', 'closed'], ['search_path', 'x', 'closed'], ['default_transaction_read_only', 'on', 'closed'], ['zero_damaged_pages', 'on', 'closed'], ['synchronous_standby_names', '*', 'closed'], ['TimeZone', 'UTC', 'closed'], ['password_encryption', 'md5', 'closed'],
      ['block_size', '1', 'fixed'], ['autovacuum', 'off', 'costly'], ['track_counts', '0', 'costly'], ['statement_timeout', '1', 'value'],
      ['work_mem', '1', 'value'], ['work_mem', '4 s', 'value'], ['work_mem', 'many', 'value'], ['random_page_cost', '-1', 'value'], ['track_functions', 'some', 'value'], ['jit', 'maybe', 'value'], ['cpu_tuple_cost', '1MB', 'value'], ['log_line_prefix', 'a\nb', 'value'],
    ];
    for (const [name, value, guard] of refused) expect([name, value, await guards(name, value)]).toEqual([name, value, expect.arrayContaining([guard])]);
    expect((await actions.preview('config.set', { name: 'no_such_setting', value: '1' }, options)).status).toBe(404);
    expect((await actions.sealed('config.reset', { name: 'work_mem' }, options)).plan[0]?.note).toContain('nothing will change');
    expect(await auto()).toBe(file);
  });

  test.each([['that reads the file', 'postgres', true], ['that does not', 'reader', false]] as const)('a console that dies between the change of the file and the reload, seen by a role %s: it is read anew, and then said', async (_, role, reads) => {
    const { set } = await import('./set.action');
    const { reset } = await import('./reset.action');
    const { render } = await import('@/lib/pg/sql');
    await rows(`do $$ begin if to_regrole('reader') is null then create role reader login password 'reader'; grant pg_monitor to reader; end if; end $$`);
    const client = new pg.Client({ connectionString: reads ? server.url() : server.url('postgres', 'reader', 'reader') });
    await client.connect();
    const ask = async <T,>(statement: Parameters<typeof render>[0]) => (await client.query<never>(render(statement))).rows as T[];
    const context = (params: Record<string, string>) => ({ params: params as never, role, exports: null as never, server: { major: target === 'new' ? 18 : 14 } as never });
    const settled = async (of: typeof set, params: Record<string, string>, mended: boolean) => {
      const object = await of.find(ask, context(params));
      if (!object) throw new Error('not found');
      return of.settle(ask, object, context(params), mended);
    };
    const reload = async () => void (await rows('select pg_reload_conf(), pg_sleep(0.3)'));
    const wanted = { name: 'work_mem', value: '7MB' };
    await rows(`alter system set work_mem = '7MB'`);
    expect(await settled(set, wanted, false)).toMatchObject({ state: reads ? 'done' : 'undone', mend: [expect.objectContaining({ note: expect.stringContaining('anew') })] });
    await reload();
    expect(await settled(set, wanted, true)).toMatchObject({ state: 'done', mend: [] });
    await rows('alter system reset work_mem');
    expect(await settled(reset, { name: 'work_mem' }, false)).toMatchObject({ state: reads ? 'done' : 'undone', mend: [expect.objectContaining({ note: expect.stringContaining('anew') })] });
    await reload();
    expect(await settled(reset, { name: 'work_mem' }, true)).toMatchObject({ state: 'done', mend: [] });
    // Never begun: nothing was changed, and that is known after the reload at the latest.
    expect(await settled(set, { name: 'work_mem', value: '8MB' }, true)).toMatchObject({ state: 'undone', says: 'work_mem is what it was.', mend: [] });
    await client.end();
  });

  test('a role that may not is told which GRANT it lacks, and with it may', async () => {
    await rows(`create role planted login password 'planted'`);
    await rows('grant pg_monitor to planted');
    const { findSetting, settingGuards } = await import('./setting-object');
    const { render } = await import('@/lib/pg/sql');
    const client = new pg.Client({ connectionString: server.url('postgres', 'planted', 'planted') });
    await client.connect();
    const find = () => findSetting(async (statement) => (await client.query(render(statement))).rows, { params: { name: 'work_mem' }, role: 'planted', server: { major: target === 'new' ? 18 : 14 } as never });
    const found = await find();
    if (!found) throw new Error('not found');
    expect(found.filed).toEqual({ known: true, value: null });
    expect(settingGuards(found, 'planted').map(({ saferWay }) => saferWay)).toEqual([expect.stringContaining('GRANT ALTER SYSTEM ON PARAMETER "work_mem" TO "planted";'), 'GRANT EXECUTE ON FUNCTION pg_reload_conf() TO "planted";']);
    await rows('grant execute on function pg_reload_conf() to planted');
    if (target === 'new') await rows('grant alter system on parameter work_mem to planted');
    const granted = await find();
    expect(granted && settingGuards(granted, 'planted').length).toBe(target === 'new' ? 0 : 1);
    await client.end();
  });
});

const setting = (given: object) => ({ name: 'x', vartype: 'integer', unit: null, min: null, max: null, allowed: null, ...given });
test.each([
  [setting({ unit: '8kB', min: '16', max: '1073741823' }), '128MB', { value: 16_384 }],
  [setting({ unit: '8kB' }), '128', { value: 128 }],
  [setting({ unit: 'kB' }), '1.5 GB', { value: 1_572_864 }],
  [setting({ unit: 's' }), '5min', { value: 300 }],
  [setting({ unit: 'ms', vartype: 'real' }), '500us', { value: 0.5 }],
  [setting({ unit: 'ms' }), '1MB', { says: expect.stringContaining('no such unit') }],
  [setting({ min: '0', max: '10' }), '11', { says: 'x lies between 0 and 10.' }],
  [setting({}), '1e3', { says: 'x takes a number.' }],
  [setting({ vartype: 'bool' }), 'YES', { value: 'on' }],
  [setting({ vartype: 'enum', allowed: ['a', 'b'] }), 'B', { value: 'b' }],
])('%j: %s is %j', (of, text, read) => expect(wantedValue(of, text)).toEqual(read));
