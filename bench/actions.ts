import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo, roleNames } from '@/scripts/postgres/roles';
import { fixtures } from '@/test/chaos-fixtures';
import { superPassword, type TestServer } from '@/test/cluster';
import { startConsole, until } from '@/test/server';
import { testPasswords } from '@/test/template';
import { begin, ended, traffic } from './jobs';
import { median, type Browser } from './measure';
import type { Line } from './report';
import { say, type Stage } from './stage';

const blockedForMs = 3000;

/** Reads and writes one row after the other. */
const rowByRow = (table: string) => (n: number) => (n % 2 === 0 ? `select b from ${table} where a = ${1 + (n % 1000)}` : `update ${table} set b = b where a = ${1 + (n % 1000)}`);

/** P19: what others wait while each action that locks a table runs behind somebody's idle transaction. */
async function stalls(server: TestServer, database: string, { browser }: Stage): Promise<Line[]> {
  const [reader, blocker, owner] = await Promise.all([connectTo(server.port, database, superPassword), connectTo(server.port, database, superPassword), connectTo(server.port, database, testPasswords.maintenance, roleNames.maintenance)]);
  const lines: Line[] = [];
  for (const [index, [action, plant]] of Object.entries(fixtures).entries()) {
    const planted = await plant({ owner, session: () => connectTo(server.port, database, superPassword), sql: async (text, values) => (await reader.query(text, values)).rows as never, name: `bench_${index}`, run: (id, of) => begin(browser, id, of).then((job) => ended(browser, job)) });
    if (!planted.table) {
      await planted.after?.();
      continue;
    }
    await blocker.query(`begin; select from ${planted.table} limit 1`);
    const calm = traffic(reader, rowByRow(planted.table));
    await sleep(1500);
    const idle = Math.max(...(await calm()));
    const busy = traffic(reader, rowByRow(planted.table));
    const id = await begin(browser, action, planted);
    await sleep(blockedForMs);
    await blocker.query('rollback');
    const { state, says, waitedMs } = await ended(browser, id);
    const longest = Math.max(...(await busy()));
    lines.push({ id: 'P19', what: `${action} behind a transaction of ${blockedForMs / 1000} s: added to the longest statement`, value: longest - idle, unit: 'ms', aim: 150, detail: `${longest.toFixed(0)} ms over ${idle.toFixed(0)} ms; the job saw ${waitedMs.toFixed(0)} ms and ${state}${state === 'succeeded' ? '' : `: ${says}`}${planted.holds ? '; it holds its lock, as it says' : ''}` });
  }
  await Promise.all([reader, blocker, owner].map((client) => client.end()));
  return lines;
}

const deaths = 5;

/** P18: a console is killed in the middle of a long statement, and another one on the same database takes over. */
async function takeover(server: TestServer, database: string, stage: Stage): Promise<Line[]> {
  const [client, owner] = await Promise.all([connectTo(server.port, database, superPassword), connectTo(server.port, database, testPasswords.maintenance, roleNames.maintenance)]);
  const [noticed, settled]: [number[], number[]] = [[], []];
  await owner.query('create table taken_over (a int primary key)');
  for (let n = 0; n < deaths; n += 1) {
    const dying = await startConsole(stage.env);
    const theirs = { url: new URL(dying.url), cookie: stage.browser.cookie };
    const browser = Object.assign(Object.create(Object.getPrototypeOf(stage.browser) as object) as Browser, stage.browser, theirs);
    await until(async () => (await fetch(`${dying.url}/api/health/ready`)).ok);
    await client.query('begin; lock table taken_over in share update exclusive mode');
    const id = await begin(browser, 'tables.vacuum', { params: { table: 'public.taken_over' } });
    const job = async () => (await owner.query<{ fence: number; state: string }>(`select fence::int, state from riskdesk.jobs where id = $1`, [id])).rows[0];
    await until(async () => (await job())?.state === 'running');
    const fence = (await job())?.fence ?? 0;
    dying.signal('SIGKILL');
    const killed = performance.now();
    await until(async () => ((await job())?.fence ?? 0) > fence || !['queued', 'running'].includes((await job())?.state ?? ''));
    noticed.push(performance.now() - killed);
    await client.query('rollback');
    await until(async () => !['queued', 'running'].includes((await job())?.state ?? ''));
    settled.push(performance.now() - killed);
    say(`      ${n + 1}: noticed after ${noticed.at(-1)?.toFixed(0)} ms, settled after ${settled.at(-1)?.toFixed(0)} ms`);
  }
  await Promise.all([client, owner].map((one) => one.end()));
  const line = (what: string, values: number[], aim: number): Line => ({ id: 'P18', what, value: median(values), unit: 'ms', aim, detail: `worst of ${deaths}: ${Math.max(...values).toFixed(0)} ms` });
  return [line('a killed console noticed by another', noticed, 2000), line('its job settled', settled, 5000)];
}

export const actions = async (server: TestServer, database: string, stage: Stage): Promise<Line[]> => [...(await takeover(server, database, stage)), ...(await stalls(server, database, stage))];
