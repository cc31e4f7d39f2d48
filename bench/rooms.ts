import pg from 'pg';
import { diagnostics, type Registered } from '@/lib/run/registry';
import { connectTo } from '@/scripts/postgres/roles';
import { superPassword, type TestServer } from '@/test/cluster';
import { administrator, sessionCookie, startConsole, until } from '@/test/server';
import { createDatabase, testEnvironment } from '@/test/template';
import { Browser, summarize, timed, type Sample } from './measure';
import type { Line } from './report';
import { load } from './rooms-load';
import { pin, say } from './stage';

const sizes = { small: { partitions: 12, indexes: 8 }, middle: { partitions: 1250, indexes: 8 }, large: { partitions: 2500, indexes: 8 } } as const;
type Size = keyof typeof sizes;

/** A table by days with indexes on the parent, as a time-partitioned log has them. */
async function build(client: pg.Client, { partitions, indexes }: (typeof sizes)[Size]): Promise<void> {
  await client.query(`create table events (id bigint not null, at date not null, ${Array.from({ length: indexes }, (_, n) => `c${n} int`).join(', ')}) partition by range (at)`);
  for (let first = 0; first < partitions; first += 250) {
    await client.query(`do $$ begin
      for n in ${first}..${Math.min(partitions, first + 250) - 1} loop
        execute format('create table events_%s partition of events for values from (%L) to (%L)', n, date '2019-01-01' + n, date '2019-01-01' + n + 1);
      end loop; end $$`);
  }
  for (let n = 0; n < indexes; n += 1) await client.query(`create index on events (c${n}, at)`);
  await client.query(`insert into events select n, date '2019-01-01' + n % ${partitions}, ${Array.from({ length: indexes }, () => 'n').join(', ')} from generate_series(1, 20000) n`);
  await client.query('analyze');
}

/** Milliseconds that the server spent on statements of the console's diagnostics. */
const spent = `select coalesce(sum(s.total_exec_time + s.total_plan_time), 0)::float8 as ms, coalesce(sum(s.calls), 0)::float8 as calls from pg_stat_statements s join pg_database d on d.oid = s.dbid
  where d.datname = $1 and s.query like '%/* riskdesk:%' and s.query not like '%pg_stat_statements s join pg_database%'`;

/** P10–P12: every diagnostic over 20,000 indexes, over 10,000 and over few, the overview, what fifty viewers cost, and what they take from a load. */
export async function rooms(server: TestServer): Promise<Line[]> {
  const names = { small: 'rooms_small', middle: 'rooms_middle', large: 'rooms_large' };
  const superuser = await connectTo(server.port, 'postgres', superPassword);
  await superuser.query(`alter system set pg_stat_statements.track_planning = on`);
  await superuser.query('select pg_reload_conf()');
  await superuser.query('create extension if not exists pg_stat_statements');
  for (const size of ['small', 'middle', 'large'] as const) {
    const started = performance.now();
    await createDatabase(superuser, names[size], false);
    const client = new pg.Client(server.url(names[size]));
    await client.connect();
    await build(client, sizes[size]);
    await client.query('create extension if not exists pg_stat_statements');
    await client.end();
    say(`${names[size]}: ${sizes[size].partitions} partitions, ${sizes[size].partitions * sizes[size].indexes} indexes (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  }
  await createDatabase(superuser, 'rooms_console');
  await createDatabase(superuser, 'rooms_load', false);
  const targets = { ...names, load: 'rooms_load' };
  const env = { ...testEnvironment(server.port, 'rooms_console'), ADMIN_EMAIL: administrator.email, ADMIN_PASSWORD: administrator.password, TARGETS: Object.entries(targets).map(([target, name]) => `${target}=${server.url(name)}`).join(' ') };
  const running = await startConsole(env);
  pin(running.pid, 'console');
  try {
    await until(async () => (await fetch(`${running.url}/api/health/ready`)).ok);
    const browser = new Browser(running.url, await sessionCookie(running.url));
    let findings = '';
    const cold = await timed(async () => (findings = await browser.get('/api/findings?target=large')));
    return [
      { id: 'rooms', what: 'overview of 20,000 indexes, cold', value: cold, unit: 'ms', aim: 1500, detail: `every diagnostic with findings once, on three new connections; ${kB(findings).toFixed(0)} kB` },
      ...(await everyDiagnostic(browser, superuser, names)),
      ...(await viewers(browser, superuser, names.large)),
      ...(await load({ server, database: 'rooms_load', target: 'load', browser, superuser, console: running })),
    ];
  } finally {
    running.signal('SIGTERM');
    await running.ended;
    await superuser.end();
  }
}

const kB = (text: string): number => Buffer.byteLength(text) / 1024;

const figures = async (client: pg.Client, database: string) => (await client.query<{ ms: number; calls: number }>(spent, [database])).rows[0] ?? { ms: 0, calls: 0 };

type Asked = { id: string; sample: Sample; database: Record<Size, number>; kB: number; state: string };

const samples = 5;

async function everyDiagnostic(browser: Browser, superuser: pg.Client, names: Record<Size, string>): Promise<Line[]> {
  const entries = [...diagnostics.values()].filter(({ diagnostic }) => (diagnostic.source === 'sql' || diagnostic.source === 'facts') && !diagnostic.onDemand);
  const asked: Asked[] = [];
  for (const entry of entries) {
    const [small, middle, large] = [await askOne(browser, superuser, names.small, 'small', entry), await askOne(browser, superuser, names.middle, 'middle', entry), await askOne(browser, superuser, names.large, 'large', entry)];
    asked.push({ id: entry.id, sample: large.sample, database: { small: small.ms, middle: middle.ms, large: large.ms }, kB: large.kB, state: large.state });
  }
  for (const { id, sample, database, kB: size } of asked.toSorted((a, b) => b.database.large - a.database.large)) {
    say(`      ${id.padEnd(30)} p50 ${sample.p50.toFixed(0).padStart(5)} ms  p95 ${sample.p95.toFixed(0).padStart(5)} ms  database ${database.large.toFixed(1).padStart(7)} ms, ${database.middle.toFixed(1).padStart(6)} ms, ${database.small.toFixed(1).padStart(6)} ms  ${size.toFixed(0).padStart(4)} kB`);
  }
  const sum = (size: Size) => asked.reduce((total, { database }) => total + database[size], 0);
  const worst = asked.toSorted((a, b) => b.database.large - a.database.large)[0];
  const largest = asked.toSorted((a, b) => b.kB - a.kB)[0];
  const unmeasured = asked.filter(({ state }) => state !== 'measured').map(({ id }) => id).join(', ') || 'none';
  return [
    { id: 'P10', what: `all ${asked.length} diagnostics: 10,000 indexes / 96, database time`, value: sum('middle') / sum('small'), unit: 'x', aim: 4, detail: `${sum('middle').toFixed(0)} ms over ${sum('small').toFixed(0)} ms, planning included; 20,000: ${(sum('large') / sum('small')).toFixed(2)} x, ${sum('large').toFixed(0)} ms; unmeasured: ${unmeasured}` },
    { id: 'P10', what: 'the costliest diagnostic at 20,000 indexes, database time', value: worst?.database.large ?? Number.NaN, unit: 'ms', aim: 250, detail: worst?.id ?? '' },
    { id: 'F11', what: 'the largest answer', value: largest?.kB ?? Number.NaN, unit: 'kB', aim: 300, detail: largest?.id ?? '' },
  ];
}

/** Answers are shared for a second: another limit each time is another question. The first answers are not counted: they fill the caches of new connections. */
async function askOne(browser: Browser, superuser: pg.Client, database: string, target: Size, { room, diagnostic }: Registered): Promise<{ ms: number; sample: Sample; kB: number; state: string }> {
  const ask = (n: number) => browser.get(`/api/${room.name}/${diagnostic.name}?target=${target}&limit=${100 + n}`);
  for (const n of [0, -1, -2]) await ask(n);
  const before = await figures(superuser, database);
  const ms: number[] = [];
  let answer = '';
  for (let n = 1; n <= samples; n += 1) ms.push(await timed(async () => (answer = await ask(n))));
  return { ms: ((await figures(superuser, database)).ms - before.ms) / samples, sample: summarize(ms), kB: kB(answer), state: (JSON.parse(answer) as { state: string }).state };
}

/** P12: what pages that stay open ask of the server, each asking at its own moment. */
async function viewers(browser: Browser, superuser: pg.Client, database: string): Promise<Line[]> {
  const entry = diagnostics.get('queries.slow');
  if (!entry) throw new Error('there is no queries.slow');
  const { refreshSeconds } = entry.diagnostic;
  const watch = async (count: number, q: string) => {
    const before = await figures(superuser, database);
    const ms: number[] = [];
    const view = async (viewer: number) => {
      await new Promise((resolve) => setTimeout(resolve, (viewer / count) * refreshSeconds * 1000));
      for (let n = 0; n < 2; n += 1) {
        ms.push(await timed(() => browser.get(`/api/queries/slow?target=large&q=${q}`)));
        await new Promise((resolve) => setTimeout(resolve, refreshSeconds * 1000));
      }
    };
    await Promise.all(Array.from({ length: count }, (_, viewer) => view(viewer)));
    return { calls: (await figures(superuser, database)).calls - before.calls, p95: summarize(ms).p95 };
  };
  const [one, fifty] = [await watch(1, 'one'), await watch(50, 'fifty')];
  const detail = `over ${2 * refreshSeconds} s and ${3 * refreshSeconds} s`;
  return [
    { id: 'P12', what: 'calls a second of fifty viewers / of one', value: fifty.calls / 3 / (one.calls / 2), unit: 'x', aim: 1.05, detail: `${fifty.calls} and ${one.calls} calls, ${detail}` },
    { id: 'P12', what: 'p95 of fifty viewers / of one', value: fifty.p95 / one.p95, unit: 'x', aim: 2, detail: `${fifty.p95.toFixed(1)} ms over ${one.p95.toFixed(1)} ms` },
  ];
}
