import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test, vi } from 'vitest';
import { useDatabase } from '@/test/database';
import { numbers, rounds, seed } from '@/test/faults';
import { usePeople } from '@/test/people';

const db = await useDatabase();
const people = await usePeople(db);
const { transaction, database } = await import('@/lib/db/client');
const { verifyAudit } = await import('../audit/verify');
const { closeMonitors } = await import('../monitor');
const { prepare } = await import('./preview');
const { queueJob } = await import('./queue-job');
const { actions } = await import('./registry');

const long = rounds > 8;
const [jobs, workers] = long ? [rounds * 20, 4] : [36, 2];
const next = numbers(seed);

const startWorker = async (): Promise<ChildProcess> => {
  const child = fork(join(process.cwd(), 'test/runner-process.ts'), [], { execArgv: ['--conditions=react-server', '--import', 'tsx'], env: { ...process.env, ...db.env }, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  await once(child, 'message');
  return child;
};
const alive: ChildProcess[] = [];
let spare: Promise<ChildProcess> | undefined;
async function addWorker(): Promise<void> {
  const child = await (spare ??= startWorker());
  child.send('begin');
  alive.push(child);
  spare = startWorker();
}
afterAll(async () => {
  for (const child of [...alive, await spare]) child?.kill('SIGKILL');
  await closeMonitors();
});

/** The local ports of a process's connections to the server, by which the server knows its sessions. */
function portsOf(pid: number): number[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1).map((line) => line.trim().split(/\s+/));
  return lines.flatMap(([, local = '', , , , , , , , inode]) => (links.includes(`socket:[${inode}]`) ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : []));
}

const tableOf = (n: number) => `public.survival_${n}`;
const kinds = [{ action: 'tables.analyze', params: (n: number) => ({ table: tableOf(n) }) }, { action: 'indexes.drop', params: (n: number) => ({ index: `${tableOf(n)}_a` }) }] as const;
const kindOf = (n: number) => kinds[n % 2 === 0 ? 0 : 1];

async function ask(n: number): Promise<void> {
  const { action, params } = kindOf(n);
  const entry = actions.get(action);
  if (!entry) throw new Error(`no action ${action}`);
  const prepared = await prepare(entry, 'main', params(n));
  await transaction((tx) => queueJob(tx, { entry, prepared, requester: { id: people.dba.id, email: people.dba.email }, caller: null, address: null, reason: String(n) }));
}

async function inBatches(all: number[], size: number, work: (n: number) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += size) await Promise.all(all.slice(at, at + size).map(work));
}

const openJobs = async (): Promise<number> => (await db.sql<{ n: number }>(`select count(*)::int as n from riskdesk.jobs where state in ('queued', 'running')`))[0]?.n ?? 0;

/** Stopped, cut off from the server as a network would do it, and woken once its jobs are in other hands. */
async function zombie(child: ChildProcess, all: boolean): Promise<number> {
  const { pid = 0 } = child;
  child.kill('SIGSTOP');
  const ports = portsOf(pid);
  const lost = await db.sql<{ id: string }>(`
    select j.id from riskdesk.jobs j join pg_locks l on l.locktype = 'advisory' and l.objid = j.runner::oid and l.objsubid = 2 join pg_stat_activity a on a.pid = l.pid
    where j.state = 'running' and a.client_port = any ($1) and a.datname = current_database()`, [ports]);
  await db.sql(`select pg_terminate_backend(pid) from pg_stat_activity where client_port = any ($1) and datname = current_database() and (application_name = 'riskdesk-runner' or $2)`, [ports, all]);
  await vi.waitFor(async () => expect(await db.sql(`select from riskdesk.jobs where id = any ($1::uuid[]) and state = 'running'`, [lost.map(({ id }) => id)])).toEqual([]), { timeout: 60_000, interval: 100 });
  child.kill('SIGCONT');
  return lost.length;
}

test(`R18: ${jobs} jobs, ${workers} workers, one killed every two seconds, one stopped and woken too late, seed ${seed}`, { timeout: 120_000 + (long ? jobs * 600 : 0) }, async () => {
  const all = Array.from({ length: jobs }, (_, n) => n);
  const owner = await db.connect('maintenance');
  for (let at = 0; at < jobs; at += 200) {
    await owner.query(`do $$ begin for n in ${at}..${Math.min(at + 199, jobs - 1)} loop execute format('create table survival_%s (a int)', n); execute format('create index survival_%s_a on survival_%s (a)', n, n); end loop; end $$`);
  }
  await inBatches(all, 8, ask);
  for (let n = 0; n < workers; n += 1) await addWorker();
  const told = { killed: 0, stopped: 0, taken: 0 };
  const wanted = long ? 10 : 1;
  while (alive.length > 0 && ((await openJobs()) > 0 || told.stopped < 1)) {
    await sleep(long ? 2000 : 1000);
    if ((await openJobs()) === 0) break;
    const at = next(alive.length);
    const victim = alive[at];
    if (!victim) break;
    if (told.stopped < wanted && told.killed >= told.stopped) {
      told.taken += await zombie(victim, !long || told.stopped % 2 === 0);
      told.stopped += 1;
    } else {
      alive.splice(at, 1);
      victim.kill('SIGKILL');
      told.killed += 1;
      await addWorker();
    }
  }
  await check(all, told);
  // What a crash has left undone is asked for again, by a person, and lost is nothing.
  for (let round = 0; round < 5; round += 1) {
    const undone = (await db.sql<{ n: number }>(`select j.reason::int as n from riskdesk.jobs j where j.action = 'indexes.drop' and to_regclass(j.about) is not null group by 1`)).map(({ n }) => n);
    if (undone.length === 0) break;
    await inBatches(undone, 8, ask);
    await vi.waitFor(async () => expect(await openJobs()).toBe(0), { timeout: 60_000, interval: 100 });
  }
  expect(await db.sql(`select count(*)::int as n from pg_class where relname like 'survival\\_%\\_a' and substring(relname from '\\d+')::int % 2 = 1`)).toEqual([{ n: 0 }]);
});

/** I4, I5, I6. */
async function check(all: number[], told: Record<string, number>): Promise<void> {
  const rows = await db.sql<{ n: number; action: string; state: string; says: string; asked: number; ended: number; hands: number; analyzed: number; there: boolean }>(`
    select j.reason::int as n, j.action, j.state, j.says, j.fence::int as hands,
      (select count(*)::int from riskdesk.audit_log l where l.object = 'job:' || j.id and l.details->>'stage' = 'requested') as asked,
      (select count(*)::int from riskdesk.audit_log l where l.object = 'job:' || j.id and l.details->>'stage' = 'ended') as ended,
      coalesce((select analyze_count::int from pg_stat_user_tables where relid = to_regclass('survival_' || j.reason)), 0) as analyzed, to_regclass('survival_' || j.reason || '_a') is not null as there
    from riskdesk.jobs j order by 1`);
  expect(rows.map(({ n }) => n)).toEqual(all);
  const wrong = rows.filter(({ action, state, asked, ended, analyzed, there }) => {
    const settled = asked === 1 && ended === 1 && /^(succeeded|failed|interrupted)$/.test(state);
    return !settled || (action === 'indexes.drop' ? there === (state === 'succeeded') : analyzed > 1 || (state === 'succeeded' && analyzed !== 1));
  });
  expect(wrong).toEqual([]);
  expect(await db.sql('select indexrelid::regclass::text from pg_index where not indisvalid')).toEqual([]);
  for (let from: number | null = 1; from !== null;) {
    const { state, next: more } = await verifyAudit(database(), from);
    expect(state).toBe('intact');
    from = more;
  }
  const states = [...new Set(rows.map(({ state }) => state))].map((state) => `${rows.filter((row) => row.state === state).length} ${state}`).join(', ');
  process.stdout.write(`R18: ${rows.length} jobs; workers killed ${told.killed}, stopped and woken ${told.stopped} (with ${told.taken} jobs in hand); ${rows.filter(({ hands }) => hands > 1).length} changed hands; ${states}; every effect at most once and as said, one row of each end\n`);
}
