import pg from 'pg';
import { diagnostics } from '@/lib/run/registry';
import { connectTo } from '@/scripts/postgres/roles';
import { superPassword, type TestServer } from '@/test/cluster';
import { administrator, sessionCookie, startConsole, until } from '@/test/server';
import { createDatabase, testEnvironment } from '@/test/template';
import { Browser, summarize, timed } from './measure';
import type { Line } from './report';
import { say } from './stage';

const sizes = { small: { partitions: 12, indexes: 8 }, large: { partitions: 2500, indexes: 8 } } as const;
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

/** P10, P12: every diagnostic over 10,000 relations and over few, the overview, and what fifty viewers cost. */
export async function rooms(server: TestServer): Promise<Line[]> {
  const names = { small: 'rooms_small', large: 'rooms_large' };
  const superuser = await connectTo(server.port, 'postgres', superPassword);
  await superuser.query(`alter system set pg_stat_statements.track_planning = on`);
  await superuser.query('select pg_reload_conf()');
  for (const size of ['small', 'large'] as const) {
    await createDatabase(superuser, names[size], false);
    const client = new pg.Client(server.url(names[size]));
    await client.connect();
    await build(client, sizes[size]);
    await client.query('create extension if not exists pg_stat_statements');
    await client.end();
    say(`${names[size]}: ${sizes[size].partitions} partitions, ${sizes[size].partitions * sizes[size].indexes} indexes`);
  }
  await createDatabase(superuser, 'rooms_console');
  const env = { ...testEnvironment(server.port, 'rooms_console'), ADMIN_EMAIL: administrator.email, ADMIN_PASSWORD: administrator.password, TARGETS: Object.entries(names).map(([size, name]) => `${size}=${server.url(name)}`).join(' ') };
  const running = await startConsole(env);
  try {
    await until(async () => (await fetch(`${running.url}/api/health/ready`)).ok);
    const browser = new Browser(running.url, await sessionCookie(running.url));
    const cold = await timed(() => browser.get('/api/findings?target=large'));
    return [
      { id: 'rooms', what: 'overview of 10,000 relations, cold', value: cold, unit: 'ms', aim: 1500, detail: 'every diagnostic once' },
      ...(await everyDiagnostic(browser, superuser, names)),
      ...(await viewers(browser, superuser, names.large)),
    ];
  } finally {
    running.signal('SIGTERM');
    await running.ended;
    await superuser.end();
  }
}

const figures = async (client: pg.Client, database: string) => (await client.query<{ ms: number; calls: number }>(spent, [database])).rows[0] ?? { ms: 0, calls: 0 };

async function everyDiagnostic(browser: Browser, superuser: pg.Client, names: Record<Size, string>): Promise<Line[]> {
  const asked = [...diagnostics.values()].filter(({ diagnostic }) => diagnostic.source !== 'process' && !diagnostic.onDemand);
  const slowest: { id: string; p95: number; state: string }[] = [];
  const total = { small: 0, large: 0 };
  for (const size of ['small', 'large'] as const) {
    const samples = 5;
    // Answers are shared for a second: another search word each time is another question.
    const ask = ({ room, diagnostic }: (typeof asked)[number], n: number) => browser.get(`/api/${room.name}/${diagnostic.name}?target=${size}${diagnostic.search ? `&q=no-such-${n}` : `&limit=${100 + n}`}`);
    for (const entry of asked) await ask(entry, 0);
    const before = await figures(superuser, names[size]);
    for (const entry of asked) {
      const ms: number[] = [];
      let answer = '';
      for (let n = 1; n <= samples; n += 1) ms.push(await timed(async () => (answer = await ask(entry, n))));
      if (size === 'large') slowest.push({ id: entry.id, p95: summarize(ms).p95, state: (JSON.parse(answer) as { state: string }).state });
    }
    total[size] = ((await figures(superuser, names[size])).ms - before.ms) / samples;
  }
  const unmeasured = slowest.filter(({ state }) => state !== 'measured').map(({ id }) => id);
  return [
    { id: 'P10', what: `all ${asked.length} diagnostics: 20,000 indexes / 96, database time`, value: total.large / total.small, unit: 'x', aim: 4, detail: `${total.large.toFixed(0)} ms over ${total.small.toFixed(0)} ms; unmeasured: ${unmeasured.join(', ') || 'none'}` },
    { id: 'P10', what: 'all diagnostics at 20,000 indexes, database time', value: total.large, unit: 'ms', aim: 250, detail: 'planning included' },
    ...slowest.toSorted((a, b) => b.p95 - a.p95).slice(0, 6).map(({ id, p95 }): Line => ({ id: 'P10', what: `${id}, p95`, value: p95, unit: 'ms', detail: '20,000 indexes' })),
  ];
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
