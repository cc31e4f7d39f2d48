import { describe, expect, test } from 'vitest';
import { GiB, MiB } from '@/lib/units';
import { alterSystem, type Known, type Situation } from './advice';
import { preloadStatement } from './capability';
import { machine } from './rules-machine';
import { shownValue, withoutSecret } from './setting-value';

const known = (name: string, raw: string, unit: string | null = null, more: Partial<Known> = {}): Known => ({ name, raw, unit, boot: null, source: 'configuration file', context: 'sighup', pending: false, ...more });
const situation = (more: Partial<Situation> = {}): Situation => ({ settings: new Map(), major: 18, ram: 0, cpus: 0, disk: 'unknown', workload: 'unknown', checkpoints: { timed: 0, requested: 0, wal_bytes: 0 }, ...more });

describe('checkpoints that the limit causes are told from those that somebody asks for', () => {
  const rule = (timed: number, requested: number, walBytes: number) => machine['max_wal_size']?.(situation({ checkpoints: { timed, requested, wal_bytes: walBytes } }), known('max_wal_size', '1024', 'MB'));
  test.each([
    ['few', 1, 5, 6 * GiB, 'fine'],
    ['due by time', 100, 10, 200 * GiB, 'fine'],
    ['requested, with next to no WAL between', 10, 100, 100 * MiB, 'fine'],
    ['requested, half the limit apart', 10, 100, 60 * GiB, 'change'],
  ])('%s', (_, timed, requested, walBytes, verdict) => expect(rule(timed, requested, walBytes)).toMatchObject({ verdict, advised: verdict === 'change' ? '2048MB' : null }));
});

describe('memory', () => {
  const settings = new Map([known('shared_buffers', String((4 * GiB) / 8192), '8kB'), known('max_connections', '200'), known('max_worker_processes', '8'), known('hash_mem_multiplier', '2')].map((one) => [one.name, one]));
  const workMem = (kB: number, ram: number) => machine['work_mem']?.(situation({ settings, ram }), known('work_mem', String(kB), 'kB'));
  test('work_mem that all connections together could not have', () => expect(workMem(65_536, 16 * GiB)).toMatchObject({ verdict: 'change', severity: 'warning', advised: '19MB' }));
  test('little work_mem on a large machine is a hint, not a finding', () => expect(workMem(4096, 128 * GiB)).toMatchObject({ verdict: 'consider', advised: '203MB' }));
  test('shared_buffers near a quarter', () => expect(machine['shared_buffers']?.(situation({ ram: 16 * GiB }), known('shared_buffers', String((4 * GiB) / 8192), '8kB'))).toMatchObject({ verdict: 'fine' }));
});

describe('a machine and the defaults of PostgreSQL', () => {
  const defaults = [
    known('shared_buffers', '16384', '8kB'), known('effective_cache_size', '524288', '8kB'), known('work_mem', '4096', 'kB'), known('maintenance_work_mem', '65536', 'kB'), known('autovacuum_work_mem', '-1', 'kB'), known('autovacuum_max_workers', '3'),
    known('random_page_cost', '4'), known('effective_io_concurrency', '16'), known('min_wal_size', '80', 'MB'), known('max_wal_size', '1024', 'MB'), known('max_connections', '100'), known('default_statistics_target', '100'),
    known('max_worker_processes', '8'), known('max_parallel_workers', '8'), known('hash_mem_multiplier', '2'),
  ];
  const advised = (more: Partial<Situation>, changed: Known[] = []) => {
    const settings = new Map([...defaults, ...changed].map((one) => [one.name, one]));
    return new Map(Object.entries(machine).map(([name, rule]) => [name, { value: shownValue(settings.get(name)?.raw ?? '', settings.get(name)?.unit ?? null), ...rule(situation({ settings, ...more }), settings.get(name) ?? known(name, '')) }]));
  };

  test('nothing is advised that stands there already', () => {
    const same: string[] = [];
    for (const ram of [0, 64 * MiB, 512 * MiB, 768 * MiB, GiB, 2 * GiB, 16 * GiB, 1024 * GiB])
      for (const cpus of [0, 1, 2, 4, 8, 64])
        for (const disk of ['unknown', 'ssd', 'hdd'] as const)
          for (const workload of ['unknown', 'web', 'oltp', 'dw', 'mixed'] as const)
            for (const [name, opinion] of advised({ ram, cpus, disk, workload })) if (opinion.advised === opinion.value || opinion.advised?.startsWith('0')) same.push(`${name} ${opinion.value} at ${ram} ${cpus} ${disk} ${workload}`);
    expect(same).toEqual([]);
  });

  test('where the least of work_mem is too much for all connections, those are too many', () => {
    const small = advised({ ram: 768 * MiB });
    expect(small.get('work_mem')).toMatchObject({ verdict: 'fine', why: expect.stringContaining('max_connections') });
    expect(small.get('max_connections')).toMatchObject({ verdict: 'change', severity: 'warning', advised: '80' });
    expect(advised({ ram: 768 * MiB }, [known('max_connections', '80')]).get('max_connections')).toMatchObject({ verdict: 'fine' });
  });

  test('min_wal_size is never advised above max_wal_size, which is advised with it', () => {
    const dw = advised({ workload: 'dw' });
    expect(dw.get('max_wal_size')).toMatchObject({ verdict: 'consider', advised: '16GB' });
    expect(dw.get('min_wal_size')).toMatchObject({ verdict: 'consider', advised: '1024MB', why: expect.stringContaining('4GB') });
    expect(advised({ workload: 'dw' }, [known('max_wal_size', '16384', 'MB')]).get('min_wal_size')).toMatchObject({ advised: '4096MB' });
    expect(advised({ workload: 'dw' }, [known('min_wal_size', '1024', 'MB')]).get('min_wal_size')).toMatchObject({ verdict: 'fine', advised: null });
  });
});

test('a value of the command line is not offered to ALTER SYSTEM', () => {
  expect(alterSystem(known('fsync', 'off', null, { source: 'command line' }), 'on')).not.toMatch(/^ALTER/m);
});

test.each([
  ['', "'pg_stat_statements'"],
  ['auto_explain', "'auto_explain', 'pg_stat_statements'"],
  ['auto_explain, "odd lib"', "'auto_explain', 'odd lib', 'pg_stat_statements'"],
])('the list of libraries keeps %s, one quoted name each', (list, quoted) => expect(preloadStatement(list)).toContain(`= ${quoted};`));

test.each([['16384', '8kB', '128MB'], ['-1', '8kB', '-1'], ['0', 'ms', '0'], ['300', 's', '5min'], ['1', 'min', '1min'], ['2', 'ms', '2ms'], ['1000', 'ms', '1s'], ['1024', 'MB', '1GB'], ['on', null, 'on']])('%s %s is shown as %s', (raw, unit, shown) => {
  expect(shownValue(raw, unit)).toBe(shown);
});

test.each([
  ['primary_conninfo', "host=a user=b password='can''t' port=1"],
  ['primary_conninfo', 'host=a password=canary port=1'],
  ['archive_command', 'PGPASSWORD=canary push %p'],
  ['archive_command', 'curl https://u:canary@h/%f'],
  ['app.jwt_secret', 'canary'],
  ['my.api_key', 'canary'],
])('%s: %s is masked', (name, value) => expect(withoutSecret(name, value)).not.toMatch(/canary|can''t|can'/));

test.each([['password_encryption', 'scram-sha-256'], ['archive_command', 'test ! -f /a/%f && cp %p /a/%f'], ['application_name', "it's"]])('%s: %s is not', (name, value) => expect(withoutSecret(name, value)).toBe(value));
