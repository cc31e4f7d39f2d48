import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '@/test/database';
import { ask, askMeasured, codesOf, eventually } from '@/test/ask';
import { startPgBouncer } from '@/test/pgbouncer';

const main = await useDatabase();
const small = await useDatabase({ settings: { max_connections: '14', superuser_reserved_connections: '2', reserved_connections: '1' } });
const old = await useDatabase({ major: 14 });
const bouncer = await startPgBouncer(main.port, {
  databases: [`forced = host=127.0.0.1 port=${main.port} dbname=${main.name} user=postgres password=${'test-superuser'}`],
  settings: { stats_users: 'riskdesk_monitor', admin_users: 'riskdesk_maintenance', default_pool_size: '2', query_wait_timeout: '0', max_client_conn: '50' },
});
process.env.TARGETS = `small=${small.url('monitor')} old=${old.url('monitor')} bare=${main.url('app')}`;
const consoleUrl = main.url('monitor').replace(`:${main.port}/${main.name}`, `:${bouncer.port}/pgbouncer`);
process.env.PGBOUNCER_URL = consoleUrl;

const { closePgBouncer } = await import('@/lib/run/pgbouncer');

afterAll(async () => {
  await Promise.all([closePgBouncer(), (await import('@/lib/run/monitor')).closeMonitors()]);
  await bouncer.dispose();
});

const pg = (await import('pg')).default;
type Client = InstanceType<typeof pg.Client>;
const clients: Client[] = [];

async function through(user: 'app' | 'maintenance', database = main.name): Promise<Client> {
  const client = new pg.Client({ connectionString: main.url(user).replace(`:${main.port}/${main.name}`, `:${bouncer.port}/${database}`), application_name: 'planted client' });
  client.on('error', () => {});
  await client.connect();
  clients.push(client);
  return client;
}

afterAll(() => Promise.all(clients.map((client) => client.end().catch(() => {}))));

/** Named statements are tracked from 1.21 on, and counted from 1.24 on. */
const [tracks, counts] = [bouncer.minor >= 21, bouncer.minor >= 24];

describe(`PgBouncer 1.${bouncer.minor}, by its admin console`, () => {
  const held: Client[] = [];
  let waiting: Promise<unknown>;

  beforeAll(async () => {
    for (const _ of [1, 2]) held.push(await through('app'));
    for (const client of held) await client.query('begin');
    if (tracks) await held[0]?.query({ name: 'planted', text: 'select 1 as planted' });
  });

  test('a full pool in which nobody waits is healthy', async () => {
    const { rows, findings, sql } = await askMeasured('pool.pgbouncer_pools', { q: main.name });
    expect(rows).toEqual([expect.objectContaining({ datname: main.name, usr: 'riskdesk_app', cl_active: 2, cl_waiting: 0, sv_active: 2, pool_size: 2, usage_ratio: 1, pool_mode: 'transaction' })]);
    expect([findings, sql]).toEqual([[], 'SHOW DATABASES;\nSHOW POOLS;']);
  });

  test('a client that waits is found, and turns critical after a second', async () => {
    const late = await through('app');
    waiting = late.query('select 1');
    const first = await eventually('pool.pgbouncer_pools', { q: main.name }, (result) => result.findings.length > 0);
    expect(first.findings[0]).toMatchObject({ code: 'pool.pgbouncer_waiting', about: `${main.name}/riskdesk_app`, says: expect.stringContaining('All 2 connections of the pool are in use'), evidence: { cl_waiting: 1, pool_size: 2 } });
    const later = await eventually('pool.pgbouncer_pools', { q: main.name }, (result) => Number(result.rows[0]?.['maxwait_ms']) >= 1000);
    expect(later.findings[0]?.severity).toBe('critical');
  });

  test('clients and server connections, each with what it is doing', async () => {
    const { rows } = await askMeasured('pool.pgbouncer_clients', { q: 'planted client' });
    expect(rows.filter((row) => row['state'] === 'waiting')).toHaveLength(1);
    expect(rows.filter((row) => row['state'] === 'active' && row['link'] !== null)).toHaveLength(2);
    const servers = await askMeasured('pool.pgbouncer_servers', { q: main.name });
    const pids = await main.sql<{ pid: string }>(`select pid::text from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`);
    expect(servers.rows.map((row) => row['remote_pid']).toSorted()).toEqual(pids.map(({ pid }) => pid).toSorted());
    expect(servers.rows.map((row) => row['prepared_statements']).toSorted()).toEqual(tracks ? [0, 1] : [null, null]);
  });

  test('traffic by database; what this version does not count is unknown', async () => {
    for (const client of held) await client.query('commit');
    await waiting;
    const { rows } = await eventually('pool.pgbouncer_stats', { q: main.name }, (result) => Number(result.rows[0]?.['xacts']) >= 3);
    expect(rows[0]).toMatchObject(counts ? { parses: 1, server_parses: 1, binds: 1 } : { parses: null, server_parses: null, binds: null });
    expect(Number(rows[0]?.['wait_ms'])).toBeGreaterThan(1000);
  });

  test('a forced superuser is the worst that there is; the other entry is fine', async () => {
    await (await through('app', 'forced')).query('select 1').catch(() => {});
    const { rows, findings } = await eventually('pool.pgbouncer_databases', {}, (result) => result.rows.length >= 2);
    expect(rows.find((row) => row['datname'] === 'forced')).toMatchObject({ force_user: 'postgres', forced_superuser: true, paused: false, server_database: main.name });
    expect(findings).toEqual([expect.objectContaining({ code: 'pool.force_user', severity: 'critical', about: 'forced' })]);
    const elsewhere = await askMeasured('pool.pgbouncer_databases', { target: 'bare' });
    expect(elsewhere.findings[0]?.severity).toBe('critical');
  });

  test('a paused database is found, with the command that resumes it', async () => {
    const admin = new pg.Client({ connectionString: consoleUrl.replace('riskdesk_monitor:test-monitor', 'riskdesk_maintenance:test-maintenance') });
    await admin.connect();
    await admin.query(`PAUSE ${main.name}`);
    const { findings } = await eventually('pool.pgbouncer_databases', { q: main.name }, (result) => result.findings.some(({ code }) => code === 'pool.pgbouncer_paused'));
    expect(findings.find(({ code }) => code === 'pool.pgbouncer_paused')?.remedy).toEqual({ sql: expect.stringContaining(`RESUME "${main.name}";`) });
    await admin.query(`RESUME "${main.name}"`);
    await admin.end();
  });

  test('configuration: only what matters, with what is wrong found and nothing secret', async () => {
    const { rows, findings } = await askMeasured('pool.pgbouncer_config');
    expect(rows.find((row) => row['setting'] === 'default_pool_size')).toMatchObject({ value: '2', fallback: '20', changed: true, reloads: true });
    expect(findings.map(({ about, severity }) => [about, severity])).toEqual([...(tracks ? [] : [['version', 'info']]), ['query_wait_timeout', 'warning']]);
    expect(rows.find((row) => row['setting'] === 'connections at most')).toMatchObject({ severity: null });
    expect(JSON.stringify(rows)).not.toMatch(/test-|auth_file/);
  });

  test('nothing else than SHOW goes through', async () => {
    const { withPgBouncer } = await import('@/lib/run/pgbouncer');
    await expect(withPgBouncer((show) => show('POOLS; PAUSE' as 'POOLS'))).rejects.toThrow('not a word of SHOW');
    expect((await ask('pool.pgbouncer_pools', { limit: '7' })).state).toBe('measured');
  });
});

describe('PgBouncer that cannot be asked is unmeasured', () => {
  const withUrl = async (url: string | undefined) => {
    const { readEnv } = await import('@/lib/env');
    const env = readEnv();
    const kept = env.PGBOUNCER_URL;
    env.PGBOUNCER_URL = url;
    try {
      return await eventuallyUnmeasured();
    } finally {
      env.PGBOUNCER_URL = kept;
      await closePgBouncer();
    }
  };
  let limit = 900;
  const eventuallyUnmeasured = () => ask('pool.pgbouncer_stats', { limit: String((limit -= 1)) });

  test.each([
    ['not set', undefined, 'not_configured', 'PGBOUNCER_URL='],
    ['a wrong password', consoleUrl.replace('test-monitor', 'wrong'), 'privilege', 'stats_users'],
    ['a role that may not', consoleUrl.replace('riskdesk_monitor:test-monitor', 'riskdesk_app:test-app'), 'privilege', 'stats_users'],
    ['away', 'postgres://riskdesk_monitor:test-monitor@127.0.0.1:1/pgbouncer?sslmode=disable', 'unreachable', null],
  ])('%s', async (_, url, code, remedy) => {
    const result = await withUrl(url);
    expect(result).toMatchObject({ state: 'unmeasured', reason: { code }, remedy: remedy === null ? null : { sql: expect.stringContaining(remedy) } });
    expect(JSON.stringify(result)).not.toMatch(/test-monitor|test-app|:wrong@/);
  });

  test('the session that was lost is opened again', async () => {
    expect((await ask('pool.pgbouncer_stats', { limit: '3' })).state).toBe('measured');
  });
});

describe('connections on the server', () => {
  test('by role, application and state, against the room that 16 reserves too', async () => {
    const { rows, context } = await askMeasured('pool.server', { target: 'small' });
    expect(context).toMatchObject({ most: 14, reserved: 3, usable: 11 });
    expect(rows.find((row) => row['usr'] === 'riskdesk_monitor')).toMatchObject({ own: true, datname: small.name, application: 'riskdesk-monitor-small', client: '127.0.0.1' });
    expect((await askMeasured('pool.server', { target: 'old' })).context).toMatchObject({ reserved: 3, usable: 97 });
  });

  test('nearly full is found; with room it is not', async () => {
    expect(codesOf(await askMeasured('pool.server', { target: 'old' }))).toEqual([]);
    const taken = await Promise.all(Array.from({ length: 8 }, () => small.connect('superuser')));
    const { findings } = await eventually('pool.server', { target: 'small' }, (result) => result.findings.length > 0);
    expect(findings[0]).toMatchObject({ code: 'pool.server_full', about: 'max_connections', evidence: { usable: 11, reserved: 3 } });
    await Promise.all(taken.map((client) => client.end()));
  });

  test('a role at its own limit', async () => {
    // Roles belong to the server, which other test files share.
    const role = `planted_${old.name}`;
    await old.sql(`create role ${role} login password 'planted' connection limit 1 in role riskdesk_app`);
    const client = new pg.Client({ connectionString: old.url('app').replace('riskdesk_app:test-app', `${role}:planted`) });
    await client.connect();
    const { findings } = await eventually('pool.server', { target: 'old' }, (result) => result.findings.length > 0);
    expect(findings).toEqual([expect.objectContaining({ code: 'pool.role_limit', severity: 'critical', about: role, evidence: { used: 1, limit: 1 } })]);
    await client.end();
    await old.sql(`drop role ${role}`);
  });

  test('without pg_monitor it is unmeasured', async () => {
    expect(await ask('pool.server', { target: 'bare' })).toMatchObject({ state: 'unmeasured', reason: { code: 'privilege' } });
  });
});

describe('sizing', () => {
  test('shows its arithmetic; what fits is no finding, what does not is one with the file', async () => {
    const fits = await askMeasured('pool.sizing', { target: 'old' });
    expect(fits.findings).toEqual([]);
    expect(fits.rows[0]).toMatchObject({ now: '97', arithmetic: '100 (max_connections) − 3 (superuser_reserved_connections) − 0 (reserved_connections) = 97' });
    const over = await askMeasured('pool.sizing', { target: 'small', instances: '3', per_instance: '10', others: '4', cpus: '2' });
    expect(over.rows.find((row) => row['item'] === 'default_pool_size')).toMatchObject({ suggested: '5', arithmetic: '2 × 2 + 1 = 5, at most 7' });
    expect(over.findings).toEqual([expect.objectContaining({ code: 'pool.over_room', severity: 'critical', remedy: { sql: expect.stringContaining('default_pool_size = 5\n') } })]);
  });

  test('without pg_monitor it says nothing about sessions that it cannot see', async () => {
    const { rows } = await askMeasured('pool.sizing', { target: 'bare' });
    expect(rows.map((row) => row['item'])).not.toContain('Client sessions now');
    expect(rows.map((row) => row['item'])).toContain('max_db_connections');
  });

  test('the file is one that PgBouncer runs with', async () => {
    const { rows } = await askMeasured('pool.sizing', { pgbouncer: 'older' });
    const file = String(rows.find((row) => row['file'] !== null)?.['file']);
    const [databases = '', pgbouncer = ''] = file.split('[pgbouncer]');
    const entry = databases.split('\n').find((line) => line.startsWith(main.name)) ?? '';
    const own = new Set(['listen_addr', 'listen_port', 'auth_file', 'auth_type', 'pool_mode', 'default_pool_size']);
    const settings = pgbouncer.split('\n').filter((line) => /^\w/.test(line)).map((line) => line.split(' = ') as [string, string]).filter(([name]) => !own.has(name));
    const run = await startPgBouncer(main.port, { databases: [entry.replace('<host of the server>', '127.0.0.1').replace('5432', String(main.port))], settings: Object.fromEntries(settings) });
    const client = new pg.Client({ connectionString: main.url('app').replace(`:${main.port}/`, `:${run.port}/`) });
    await client.connect();
    expect((await client.query('select current_user as usr')).rows).toEqual([{ usr: 'riskdesk_app' }]);
    await client.end();
    await run.dispose();
  });
});
