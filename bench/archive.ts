import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo, roleNames } from '@/scripts/postgres/roles';
import { superPassword, type TestServer } from '@/test/cluster';
import { multiset, plantFamily, type Planted } from '@/test/partitioned';
import { testPasswords } from '@/test/template';
import { begin, ended, traffic, type Job } from './jobs';
import { summarize } from './measure';
import type { Line } from './report';
import type { Stage } from './stage';

const days = 40;
const tookMs = ({ startedAt, finishedAt }: Job) => Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '');

/** What anybody would write: copy, then delete, the children first. */
async function byStatements({ tables, owner }: Planted): Promise<{ ms: number; rows: number }> {
  for (const [index, table] of tables.entries()) await owner.query(`create table public.by_hand_${index} (like ${table} including indexes including generated)`);
  const columns = ['id, at, owner, body', 'of_id, of_at, no, "Value %"', 'of_id, of_at, no, "Value %"'];
  const keys = ['at', 'of_at', 'of_at'];
  let rows = 0;
  const started = performance.now();
  await owner.query('begin');
  for (const index of [2, 1, 0]) {
    const old = `${keys[index]} < date_trunc('day', now()) - interval '${days} days'`;
    rows += (await owner.query(`insert into public.by_hand_${index} (${columns[index]}) select ${columns[index]} from ${tables[index]} where ${old}`)).rowCount ?? 0;
    await owner.query(`delete from ${tables[index]} where ${old}`);
  }
  await owner.query('commit');
  return { ms: performance.now() - started, rows };
}

const residentKb = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** P9, and the archive beside the statements that it stands for: the same rows, and what refers to them. */
export async function archive(server: TestServer, database: string, { browser, console: running }: Stage, rows: number): Promise<Line[]> {
  const superuser = await connectTo(server.port, database, superPassword);
  const reader = await connectTo(server.port, database, superPassword);
  const owners: { end: () => Promise<void> }[] = [];
  const db = {
    connect: async () => {
      const owner = await connectTo(server.port, database, testPasswords.maintenance, roleNames.maintenance);
      owners.push(owner);
      return owner;
    },
    sql: async (text: string, values?: unknown[]) => (await superuser.query(text, values)).rows as never,
  };
  const plant = (name: string, count: number, more: { plain?: boolean; checked?: boolean } = {}) => plantFamily(db, { name, rows: count, months: 4, ...more });
  const goneOf = async ({ archives }: Planted) => {
    let sum = 0;
    for (const table of archives) sum += (await superuser.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]?.n ?? 0;
    return sum;
  };
  const done = async (action: string, { table }: Planted, params: Record<string, string>) => {
    const id = await begin(browser, action, { params: { table, ...params }, confirm: table });
    const job = await ended(browser, id);
    if (job.state !== 'succeeded') throw new Error(`${action} of ${table}: ${job.says}`);
    return job;
  };
  const archived = (planted: Planted, params: Record<string, string> = {}) => done('partitions.archive', planted, { days: String(days), ...params });
  /** Rows and their sum, here and in the archive together. */
  const all = async ({ tables, archives }: Planted) => {
    const [live, gone] = [await multiset(db.sql, tables), await multiset(db.sql, archives)];
    return JSON.stringify(live.map(({ n, sum }, index) => [n + (gone[index]?.n ?? 0), String(BigInt(sum ?? 0) + BigInt(gone[index]?.sum ?? 0))]));
  };

  /** A hundredth of the rows and all of them, in partitions that carry a CHECK of their bounds or do not. */
  const byCatalog = async (checked: boolean) => {
    const kind = checked ? 'checked' : 'unchecked';
    const [small, large] = [await plant(`Small ${kind}`, Math.max(1000, Math.round(rows / 100)), { checked }), await plant(`Large ${kind}`, rows, { checked })];
    const smallMs = tookMs(await archived(small));
    const recent = (n: number) => (n % 2 === 0 ? `select count(*) from ${large.table} where at > now() - interval '1 minute'` : `insert into ${large.table} (at, owner, body) values (now(), 'beside', 'x')`);
    const calm = traffic(reader, recent);
    await sleep(3000);
    const alone = await calm();
    const busy = traffic(reader, recent);
    const largeMs = tookMs(await archived(large));
    await sleep(500);
    const beside = await busy();
    const whole = await goneOf(large);
    const rowsBefore = await all(large);
    await done('partitions.restore', large, { from: '2020-01-01', to: '2100-01-01' });
    if ((await goneOf(large)) > 0 || (await all(large)) !== rowsBefore) throw new Error('what was archived and restored is not the same');
    return { smallMs, largeMs, alone, beside, whole };
  };
  const kinds = [['with a CHECK of the bounds', await byCatalog(true)], ['without, each read once', await byCatalog(false)]] as const;

  const hand = await byStatements(await plant('By hand', rows));
  const mixed = await plant('By batches', rows, { plain: true });
  const before = residentKb(running.pid);
  let most = before;
  const watching = setInterval(() => (most = Math.max(most, residentKb(running.pid))), 200);
  const batchedMs = tookMs(await archived(mixed, { partial: 'go too' }));
  clearInterval(watching);
  const batched = await goneOf(mixed);
  await Promise.all([superuser, reader, ...owners].map((client) => client.end()));

  const perRow = hand.ms / hand.rows;
  const count = (n: number) => n.toLocaleString('en');
  return [
    ...kinds.flatMap(([kind, { smallMs, largeMs, alone, beside, whole }]): Line[] => [
      { id: 'P9', what: `archive by the catalog, ${kind}: a hundred times the rows`, value: largeMs / smallMs, unit: 'x', aim: 2, detail: `${count(whole)} rows in ${largeMs} ms over ${smallMs} ms` },
      { id: 'P9', what: 'p99 of others meanwhile / before', value: summarize(beside).p99 / summarize(alone).p99, unit: 'x', aim: 1.5, detail: `${summarize(beside).p99.toFixed(1)} ms over ${summarize(alone).p99.toFixed(1)} ms; longest ${Math.max(...beside).toFixed(0)} ms` },
      { id: 'P9', what: 'by the catalog / copy and delete by statements', value: largeMs / (perRow * whole), unit: 'x', aim: 0.02, detail: `${((perRow * whole) / largeMs).toFixed(0)} times as fast; ${count(hand.rows)} rows by statements took ${hand.ms.toFixed(0)} ms` },
    ]),
    { id: 'P9', what: 'in batches / by statements, a row', value: batchedMs / batched / perRow, unit: 'x', aim: 2, detail: `${count(batched)} rows in ${batchedMs} ms, others waiting for nothing` },
    { id: 'P9', what: 'memory of the console, batches', value: most - before, unit: 'kB', detail: `${count(most)} kB at most` },
  ];
}
