import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { startTestServer } from '@/test/cluster';
import { useDatabase } from '@/test/database';
import { statementsOf } from '@/test/remedies';
import { ask, askMeasured, codesOf, eventually } from '@/test/ask';
import { GiB } from '@/lib/units';
import { shownValue } from './setting-value';

const safe = { fsync: null, full_page_writes: null, synchronous_commit: null };
const main = await useDatabase({ settings: safe });
const old = await useDatabase({ major: 14, settings: safe });
const careless = await useDatabase();
// Its settings are changed by ALTER SYSTEM, and it is started again.
const own = await startTestServer({ major: 18, settings: { ...safe, track_io_timing: null, shared_preload_libraries: 'auto_explain' } });
process.env.TARGETS = `old=${old.url('monitor')} careless=${careless.url('monitor')} bare=${main.url('app')} own=${own.url()}`;

afterAll(async () => {
  await (await import('@/lib/run/monitor')).closeMonitors();
  await own.dispose();
});

async function onOwn(...texts: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: own.url() });
  await client.connect();
  try {
    for (const text of texts.slice(0, -1)) await client.query(text);
    return (await client.query<Record<string, unknown>>(texts.at(-1) ?? '')).rows;
  } finally {
    await client.end();
  }
}

describe.each([['main', main] as const, ['old', old] as const])('a sound server: %s', (target, db) => {
  test('no finding about settings, advice and capabilities while nothing is stated', async () => {
    for (const id of ['config.settings', 'config.advice', 'config.capabilities']) expect([id, (await askMeasured(id, { target })).findings]).toEqual([id, []]);
  });

  test('every value is what SHOW says, and where it comes from', async () => {
    const raw = await db.sql<{ name: string; setting: string; unit: string | null; shown: string }>(`select name, setting, unit, current_setting(name) as shown from pg_settings where vartype in ('integer', 'bool', 'enum', 'string')`);
    const differing = raw.filter(({ setting, unit, shown }) => shownValue(setting, unit) !== shown).map(({ name }) => name);
    // A hook of its own shows these: an octal mode, a pseudo value, what is switched off, what the socket says.
    expect(differing.filter((name) => !/_(mode|permissions)$|^archive_command$|^in_hot_standby$|^tcp_/.test(name))).toEqual([]);
    const { rows } = await askMeasured('config.settings', { target, q: 'client_connection_check_interval' });
    expect(rows).toEqual([expect.objectContaining({ value: '1s', boot: '0', changed: true, source: 'configuration file', place: expect.stringMatching(/riskdesk\.conf:\d+$/), takes: 'session' })]);
  });

  test('what the console sets for its own session is not taken for the server’s', async () => {
    const { rows } = await askMeasured('config.settings', { target, q: 'lock_timeout' });
    expect(rows.find((row) => row['name'] === 'lock_timeout')).toMatchObject({ value: '0', changed: false });
  });

  test('values of roles and databases are shown with whose they are', async () => {
    await db.sql(`alter database ${db.name} set work_mem = '7MB'`);
    await db.sql(`alter role riskdesk_app in database ${db.name} set "app.secret" = 'canary'`);
    const { rows } = await askMeasured('config.settings', { target, show: 'overridden', q: 'work_mem' });
    expect(rows.find((row) => row['name'] === 'work_mem')?.['overrides']).toContain(`database ${db.name}: 7MB`);
    expect(JSON.stringify((await askMeasured('config.settings', { target, show: 'overridden' })).rows)).not.toContain('canary');
  });

  test('advice for a stated machine, each with reason, rule and statement', async () => {
    const stated = { target, ram_bytes: String(64 * GiB), cpus: '16', disk: 'ssd', workload: 'oltp' };
    const { rows, findings } = await askMeasured('config.advice', stated);
    const of = (name: string) => rows.find((row) => row['setting'] === name);
    expect(of('shared_buffers')).toMatchObject({ value: '64MB', verdict: 'change', advised: '16GB' });
    expect(of('shared_buffers')?.['remedy']).toMatch(/^-- takes effect with a restart.*\nALTER SYSTEM SET shared_buffers = '16GB';$/);
    expect(of('random_page_cost')).toMatchObject({ verdict: 'change', advised: '1.1' });
    expect(of('maintenance_work_mem')).toMatchObject({ verdict: 'consider', advised: '4096MB' });
    expect(of('effective_cache_size')).toMatchObject({ verdict: 'change', advised: '48GB' });
    expect(of('jit')).toMatchObject({ verdict: 'consider', advised: 'off' });
    // What the guide got wrong is not advised: a value that is the default already, and 200 where 16 reads ahead by itself.
    expect(of('checkpoint_completion_target')).toMatchObject({ verdict: 'fine' });
    expect(of('effective_io_concurrency')).toMatchObject(target === 'main' ? { verdict: 'fine', advised: null } : { verdict: 'consider', advised: '200' });
    expect(findings.map(({ about }) => about).toSorted()).toEqual(['effective_cache_size', 'random_page_cost', 'shared_buffers']);
  });

  test('what nobody stated is not guessed', async () => {
    const { rows } = await askMeasured('config.advice', { target });
    for (const name of ['shared_buffers', 'work_mem', 'random_page_cost', 'max_worker_processes', 'min_wal_size']) expect(rows.find((row) => row['setting'] === name)).toMatchObject({ verdict: 'not known', advised: null });
  });

  test('too much for a small machine', async () => {
    const { rows } = await askMeasured('config.advice', { target, ram_bytes: String(GiB / 2), q: 'effective_cache_size' });
    expect(rows[0]).toMatchObject({ value: '4GB', verdict: 'change', severity: 'warning', advised: '384MB' });
    for (const bytes of ['1', String(100_000_000 * GiB)]) await expect(ask('config.advice', { target, ram_bytes: bytes })).rejects.toThrow(/ram_bytes/);
  });
});

test('settings that endanger data are found, with the statement', async () => {
  const { findings } = await askMeasured('config.advice', { target: 'careless' });
  expect(findings.filter(({ code }) => code === 'config.unsafe').map(({ about, severity }) => [about, severity]).toSorted()).toEqual([['fsync', 'critical'], ['full_page_writes', 'critical']]);
  expect(findings.find(({ about }) => about === 'fsync')?.remedy).toEqual({ action: 'config.set', params: { name: 'fsync', value: 'on' } });
});

test('without pg_monitor: what is hidden is said, and not taken for absent', async () => {
  const settings = await askMeasured('config.settings', { target: 'bare' });
  expect(codesOf(settings)).toEqual(['config.settings_hidden']);
  expect(settings.rows.every((row) => row['place'] === null)).toBe(true);
  const { rows, findings } = await askMeasured('config.capabilities', { target: 'bare' });
  expect(rows.find((row) => row['capability'] === 'pg_stat_statements loaded')).toMatchObject({ state: 'unknown' });
  expect(findings).toEqual([expect.objectContaining({ about: 'member of pg_monitor', remedy: { sql: 'GRANT pg_monitor TO "riskdesk_app";' } })]);
});

describe('a server where something is missing', () => {
  test('what it cannot tell is found; the statement for the library keeps what is loaded, and the server starts with it', async () => {
    const { findings } = await askMeasured('config.capabilities', { target: 'own' });
    expect(findings.map(({ about, severity }) => [about, severity]).toSorted()).toEqual([
      ['extension pg_stat_statements', 'warning'], ['pg_stat_statements loaded', 'warning'], ['track_io_timing', 'info'],
    ]);
    for (const { remedy } of findings) {
      if (!remedy) throw new Error('no remedy');
      const { statements, guards } = await statementsOf(remedy, 'own');
      // The extension works only once its library is loaded, and its action says so.
      if ('action' in remedy && remedy.action === 'config.extension') expect(guards).toMatchObject([{ name: 'preload', saferWay: expect.stringContaining('config.set') }]);
      else expect(guards).toEqual([]);
      for (const statement of statements) await onOwn(statement);
    }
    const pending = await eventually('config.settings', { target: 'own', show: 'pending restart' }, ({ rows }) => rows.length > 0);
    expect(pending.findings).toEqual([expect.objectContaining({ code: 'config.pending_restart', about: 'shared_preload_libraries' })]);
    await own.stop();
    await own.start();
    expect(await onOwn('show shared_preload_libraries')).toEqual([{ shared_preload_libraries: 'auto_explain, pg_stat_statements' }]);
    for (const statement of (await statementsOf({ action: 'config.extension', params: { name: 'pg_stat_statements' } }, 'own')).statements) await onOwn(statement);
    const mended = await eventually('config.capabilities', { target: 'own' }, (result) => result.findings.length === 0);
    expect(mended.rows.find((row) => row['capability'] === 'pg_stat_statements loaded')).toMatchObject({ state: 'yes' });
  });

  test('checkpoints that somebody asks for do not speak against max_wal_size', async () => {
    await onOwn('create table planted (t text)', `select pg_stat_reset_shared('checkpointer')`, `select pg_stat_reset_shared('wal')`);
    for (let n = 0; n < 11; n += 1) await onOwn(`insert into planted values ('x')`, 'checkpoint');
    const asked = await eventually('config.advice', { target: 'own', q: 'max_wal_size' }, ({ rows }) => String(rows[0]?.['why']).startsWith('1'));
    expect(asked.rows[0]).toMatchObject({ verdict: 'fine', why: expect.stringContaining('too little for the limit') });
  });
});
