import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, expect, test, vi } from 'vitest';
import { connectTo, roleNames } from '@/scripts/postgres/roles';
import { call, type Sent } from '@/test/call';
import { startTestServer, superPassword } from '@/test/cluster';
import { fixtures, type Planted } from '@/test/chaos-fixtures';
import { numbers, rounds, seed } from '@/test/faults';
import { usePeople } from '@/test/people';
import { temporaryDirectory } from '@/test/temporary';
import { createDatabase, prepareTemplate, testEnvironment, testPasswords } from '@/test/template';

// A server of its own: it is killed again and again.
const name = 'chaos';
const server = await startTestServer();
await prepareTemplate(server.port);
const setUp = await connectTo(server.port, 'postgres', superPassword);
await createDatabase(setUp, name);
await setUp.end();
const exports = temporaryDirectory('riskdesk-chaos-exports-');
const env = { ...testEnvironment(server.port, name), EXPORT_DIR: exports };
Object.assign(process.env, env, { TEST_DATABASE: name });

const superuser = () => connectTo(server.port, name, superPassword);
async function sql<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
  const client = await superuser();
  client.on('error', () => {});
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

const people = await usePeople({ sql } as never);
const dba: Sent = { cookie: people.dba.cookie };
const { actions } = await import('./registry');

const startSpare = async (): Promise<ChildProcess> => {
  const child = fork(join(process.cwd(), 'test/runner-process.ts'), [], { execArgv: ['--conditions=react-server', '--import', 'tsx'], env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  await once(child, 'message');
  return child;
};
let runner = await startSpare();
runner.send('begin');
let spare = startSpare();
/** SIGKILL for the process that runs the jobs; another takes its place at once, as another console would. */
async function killRunner(): Promise<void> {
  runner.kill('SIGKILL');
  runner = await spare;
  runner.send('begin');
  spare = startSpare();
}

afterAll(async () => {
  runner.kill('SIGKILL');
  (await spare).kill('SIGKILL');
  await (await import('@/lib/db/client')).closeDatabase();
  await (await import('../monitor')).closeMonitors();
  await server.dispose();
  rmSync(exports, { recursive: true, force: true });
});

const faults = {
  'the console is killed': killRunner,
  'the backend is terminated': () => sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`),
  'PostgreSQL is killed': async () => {
    await server.kill();
    await server.start();
  },
  'a person cancels it': (job: string) => call('DELETE', `/api/jobs/${job}`, dba),
} satisfies Record<string, (job: string) => Promise<unknown>>;
type Fault = keyof typeof faults;

type Job = { id: string; state: string; says: string | null; resumable: boolean };
/** How it ended; the product's own database may just be starting again. */
const ended = (id: string) => vi.waitFor(async () => {
  const { status, body } = await call('GET', `/api/jobs/${id}`, dba);
  expect(status).toBe(200);
  expect((body as Job).state).toMatch(/^(succeeded|failed|cancelled|interrupted)$/);
  return body as Job;
}, { timeout: 60_000, interval: 50 });

/** What must not be there once every job has ended, by what it would be. */
const leftovers = `
  select 'invalid index' as what, indexrelid::regclass::text as which from pg_index where not indisvalid
  union all select 'pending detach', inhrelid::regclass::text from pg_inherits where inhdetachpending
  union all select 'leftover of a rebuild', oid::regclass::text from pg_class where relname ~ '_cc(new|old)\\d*$'
  union all select 'open job', id::text from riskdesk.jobs where state in ('queued', 'running')
  union all select 'trigger', tgname::text from pg_trigger where tgname like 'riskdesk%'
  union all select 'session idle in a transaction', pid::text from pg_stat_activity where application_name = 'riskdesk-job' and state like 'idle in transaction%'`;

async function begin(id: string, fixture: Planted): Promise<string> {
  const path = `/api/${id.replace('.', '/')}`;
  const shown = await vi.waitFor(async () => {
    const answer = await call('POST', `${path}?preview`, { ...dba, body: { params: fixture.params } });
    expect(answer.status, answer.text).toBe(200);
    return answer.body as { seal: string };
  }, { timeout: 20_000, interval: 100 });
  const { status, text, body } = await call('POST', path, { ...dba, body: { params: fixture.params, seal: shown.seal, ...(fixture.confirm ? { confirm: fixture.confirm } : {}) } });
  expect(status, text).toBe(202);
  runner.send('queued');
  return (body as { jobId: string }).jobId;
}

test('every action of the console is killed here or says where else', () => {
  expect([...actions.keys()].filter((id) => !(id in fixtures))).toEqual([]);
});

const tries = rounds * 2;
const next = numbers(seed);
const choose = <T>(list: readonly T[]): T => list[next(list.length)] as T;

test('whatever is killed at whatever moment: the job ends, nothing is left half done, no row is lost or doubled', { timeout: 30_000 + tries * 20_000 }, async () => {
  const told = new Map<string, number>();
  const count = (what: string) => told.set(what, (told.get(what) ?? 0) + 1);
  const ids = Object.keys(fixtures);
  for (let round = 0; round < tries; round += 1) {
    const id = choose(ids);
    const session = () => connectTo(server.port, name, testPasswords.maintenance, roleNames.maintenance);
    const owner = await session();
    owner.on('error', () => {});
    const fixture = await fixtures[id]?.({ owner, sql, session, name: `chaos_${round}`, run: async (action, of) => ended(await begin(action, of)) });
    await owner.end();
    if (!fixture) continue;
    const before = await fixture.rows?.();
    const planted = (await sql<{ which: string }>(leftovers)).map(({ which }) => which);
    const job = await begin(id, fixture);
    const fault = choose(Object.keys(faults) as Fault[]);
    // From at once to a tenth of a second, the short ones oftener.
    const delay = Math.round(2 ** (next(70) / 10)) - 1;
    await sleep(delay);
    await faults[fault](job);
    const story = `round ${round}, ${id}, ${fault} after ${delay} ms`;
    const { state, says, resumable } = await ended(job);
    count(fault);
    count(state);
    expect(says, story).toMatch(/\w/);
    // What goes on later needs the trigger that keeps its copy up; and what a job was to take away is there still where it never began.
    const left = (await sql<{ what: string; which: string }>(leftovers)).filter(({ what, which }) => !(resumable && what === 'trigger') && !(state !== 'succeeded' && planted.includes(which)));
    expect(left, `${story}: ${state}, ${says}`).toEqual([]);
    expect(readdirSync(exports).filter((entry) => entry.endsWith('.part')), `${story}: ${state}, ${says}`).toEqual([]);
    expect(await fixture.rows?.(), `${story}: ${state}, ${says}`).toBe(before);
    await fixture.after?.();
    expect(await fixture.rows?.(), `${story}, and run again`).toBe(before);
  }
  process.stdout.write(`seed ${seed}: ${tries} rounds over ${ids.length} actions; ${[...told].map(([what, times]) => `${what} ${times}`).join(', ')}; nothing left over, nothing lost\n`);
});
