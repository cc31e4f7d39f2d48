import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type pg from 'pg';
import { diagnostics } from '@/lib/run/registry';
import { exitOf } from '@/scripts/processes';
import type { TestServer } from '@/test/cluster';
import type { RunningConsole } from '@/test/server';
import { ratioOf, type Browser } from './measure';
import { ratioLine, type Line } from './report';
import { say } from './stage';

const pairs = 10;
const runSeconds = 4;
/** As long as nearly every question waits before it is asked again. */
const steadySeconds = 300;
const arrivalSeconds = 15;
const clients = 4;
const viewers = 50;

/** pgbench of any version: the newest of Debian's, where none is on the path. */
function findPgbench(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = spawnSync('ls', [debian]).status === 0 ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  return ['pgbench', ...versions.map((version) => `${debian}/${version}/bin/pgbench`)].find((path) => spawnSync(path, ['--version']).status === 0) ?? null;
}

async function run(program: string, args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  if ((await exitOf(child)) !== 0) throw new Error(`pgbench failed:\n${output}`);
  return output;
}

/** The server's execution time by whom: the console's diagnostics, and all statements. */
const executed = `select coalesce(sum(total_exec_time) filter (where query like '%/* riskdesk:%'), 0)::float8 as own, coalesce(sum(total_exec_time), 0)::float8 as whole from pg_stat_statements`;

/** The same of the console alone, by diagnostic. */
const byDiagnostic = `select substring(query from '/\\* riskdesk:([^ ]+) \\*/') as id, sum(total_exec_time)::float8 as ms, sum(calls)::int as calls from pg_stat_statements where query like '%/* riskdesk:%' group by 1`;

type Load = { server: TestServer; database: string; target: string; browser: Browser; superuser: pg.Client; console: RunningConsole };

/** Fifty people, each with one page open: what it asks, as often as it asks. They come `within` so many seconds of each other. */
function open({ browser, target }: Load, within: number): { close: () => Promise<void> } {
  const asked = [...diagnostics.values()].filter(({ diagnostic }) => (diagnostic.source === 'sql' || diagnostic.source === 'facts') && !diagnostic.onDemand);
  const pages = { closed: false };
  const timers = new Set<() => void>();
  const pause = (ms: number) => new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      timers.delete(done);
      resolve();
    }
    timers.add(done);
  });
  const view = async (number: number) => {
    const entry = asked[number % asked.length];
    const path = number === 0 || !entry ? `/api/findings?target=${target}` : `/api/${entry.room.name}/${entry.diagnostic.name}?target=${target}`;
    const everyMs = number === 0 || !entry ? 60_000 : entry.diagnostic.refreshSeconds * 1000;
    await pause(Math.random() * Math.min(everyMs, within * 1000));
    while (!pages.closed) {
      await browser.get(path);
      if (!pages.closed) await pause(everyMs);
    }
  };
  const all = Promise.all(Array.from({ length: viewers }, (_, number) => view(number)));
  return {
    close: async () => {
      pages.closed = true;
      for (const done of timers) done();
      await all;
    },
  };
}

/** P11: what a select-only load of pgbench keeps of its rate while fifty people look on, and the console's share of the server's work. */
export async function load(setting: Load): Promise<Line[]> {
  const { server, database, console: running } = setting;
  const program = findPgbench();
  if (!program) {
    say('P11 is not measured: pgbench is not here (Debian: apt-get install postgresql-contrib).');
    return [];
  }
  const url = server.url(database);
  await run(program, ['-i', '-q', '-s', '5', url]);
  const tps = async (seconds = runSeconds) => Number(/tps = ([\d.]+)/.exec(await run(program, ['-S', '-n', '-c', String(clients), '-T', String(seconds), url]))?.[1] ?? Number.NaN);
  const watched = async () => {
    const pages = open(setting, runSeconds);
    try {
      return await tps();
    } finally {
      await pages.close();
    }
  };
  // Without the product its process stands still, its connections open.
  const alone = async () => {
    running.signal('SIGSTOP');
    try {
      return await tps();
    } finally {
      running.signal('SIGCONT');
    }
  };
  await watched();
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const [one, other] = pair % 2 === 0 ? [alone, watched] : [watched, alone];
    const [a, b] = [await one(), await other()];
    ratios.push(pair % 2 === 0 ? b / a : a / b);
  }
  const spent = await steady(setting, tps);
  for (const { id, ms, calls } of spent.shares.slice(0, 8)) say(`      ${id.padEnd(30)} ${ms.toFixed(1).padStart(7)} ms in ${calls} calls`);
  return [
    ratioLine('P11', `TPS of pgbench -S with ${viewers} viewers / without the console`, ratioOf(ratios), { aim: 0.99, detail: `median of ${pairs} pairs of ${runSeconds} s, ${clients} clients` }),
    { id: 'P11', what: 'the console’s statements in all execution time meanwhile', value: (spent.own / spent.whole) * 100, unit: '%', aim: 1, detail: `${spent.own.toFixed(0)} ms of ${spent.whole.toFixed(0)} ms in ${steadySeconds} s with all pages open: ${(spent.own / steadySeconds / 10).toFixed(2)} % of a core` },
  ];
}

/** What pages that stay open take: each has its first answer, and asks again as often as it does. */
async function steady(setting: Load, tps: (seconds: number) => Promise<number>): Promise<{ own: number; whole: number; shares: Share[] }> {
  const pages = open(setting, arrivalSeconds);
  try {
    await new Promise((resolve) => setTimeout(resolve, arrivalSeconds * 1000));
    const [before, first] = [await figures(setting.superuser), await shares(setting.superuser)];
    await tps(steadySeconds);
    const after = await figures(setting.superuser);
    return { own: after.own - before.own, whole: after.whole - before.whole, shares: await shares(setting.superuser, first) };
  } finally {
    await pages.close();
  }
}

type Share = { id: string; ms: number; calls: number };

/** What each diagnostic has cost since `before`, the costliest first. */
async function shares(superuser: pg.Client, before: Share[] = []): Promise<Share[]> {
  const { rows } = await superuser.query<Share>(byDiagnostic);
  const earlier = new Map(before.map((share) => [share.id, share]));
  return rows.map(({ id, ms, calls }) => ({ id, ms: ms - (earlier.get(id)?.ms ?? 0), calls: calls - (earlier.get(id)?.calls ?? 0) })).toSorted((a, b) => b.ms - a.ms);
}

async function figures(superuser: pg.Client): Promise<{ own: number; whole: number }> {
  const { rows } = await superuser.query<{ own: number; whole: number }>(executed);
  return rows[0] ?? { own: 0, whole: 0 };
}
