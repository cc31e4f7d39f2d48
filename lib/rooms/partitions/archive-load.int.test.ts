import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { JobView } from '@/lib/kit/job';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { rounds } from '@/test/faults';
import { multiset, plantFamily, type Planted } from '@/test/partitioned';
import { startWriters } from '@/test/writers';

const db = await useDatabase();
const actions = await useActions(db);
const { start, done, ended, jobOf } = onTarget(actions, 'main', 900_000);
const long = rounds > 50;

const tookMs = ({ startedAt, finishedAt }: JobView) => Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '');

/** What anybody would write: copy, then delete, the children first. */
async function byStatements({ tables, owner }: Planted, days: number): Promise<number> {
  for (const [index, table] of tables.entries()) await owner.query(`create table public.by_hand_${index} (like ${table} including indexes including generated)`);
  const columns = ['id, at, owner, body', 'of_id, of_at, no, "Value %"', 'of_id, of_at, no, "Value %"'];
  const keys = ['at', 'of_at', 'of_at'];
  const started = performance.now();
  await owner.query('begin');
  for (const index of [2, 1, 0]) {
    const old = `${keys[index]} < date_trunc('day', now()) - interval '${days} days'`;
    await owner.query(`insert into public.by_hand_${index} (${columns[index]}) select ${columns[index]} from ${tables[index]} where ${old}`);
    await owner.query(`delete from ${tables[index]} where ${old}`);
  }
  await owner.query('commit');
  return performance.now() - started;
}

test('the same rows by the catalog, in batches, and by statements', { timeout: 1_800_000 }, async () => {
  const rows = long ? 1_000_000 : 5000;
  const days = 40;
  const plant = (name: string, plain: boolean) => plantFamily(db, { name, rows, months: 4, plain });
  const hand = await byStatements(await plant('By hand', false), days);
  const catalog = await plant('By catalog', false);
  const before = await multiset(db.sql, catalog.tables);
  const moved = await done('partitions.archive', { table: catalog.table, days: String(days) });
  const gone = await multiset(db.sql, catalog.archives);
  await done('partitions.restore', { table: catalog.table, from: '2020-01-01', to: '2100-01-01' });
  expect(await multiset(db.sql, catalog.tables)).toEqual(before);
  const batches = await plant('By batches', true);
  const rss = process.memoryUsage().rss;
  const batched = await done('partitions.archive', { table: batches.table, days: String(days), partial: 'go too' });
  const grown = (process.memoryUsage().rss - rss) / 2 ** 20;
  const all = (await multiset(db.sql, batches.archives)).reduce((sum, { n }) => sum + n, 0);
  const whole = gone.reduce((sum, { n }) => sum + n, 0);
  expect(whole).toBeGreaterThan(0);
  const held = moved.progress?.held_ms ?? Infinity;
  process.stdout.write(`${rows} rows and what refers to them: by statements ${hand.toFixed(0)} ms for ${all} rows; by the catalog ${whole} rows in ${tookMs(moved)} ms, of which locked ${held.toFixed(0)} ms at a time (${((hand * whole) / all / tookMs(moved)).toFixed(1)} times as fast, ${((hand * whole) / all / held).toFixed(0)} times less of a lock); in batches ${tookMs(batched)} ms, ${((100 * hand) / tookMs(batched)).toFixed(0)} % of the statements' rate, memory of the console ${grown.toFixed(0)} MB more\n`);
});

test('R2: an archive in batches while four writers insert, update and delete rows that are old enough', { timeout: 900_000 }, async () => {
  const planted = await plantFamily(db, { name: 'Written', rows: long ? 200_000 : 5000, months: 4, plain: true });
  const writers = await startWriters(db, planted);
  const id = await start('partitions.archive', { table: planted.table, days: '20', partial: 'go too' });
  await vi.waitFor(async () => expect((await jobOf(id)).progress?.moved ?? 0).toBeGreaterThan(0), { timeout: 60_000, interval: 100 });
  await sleep(long ? 20_000 : 500);
  const { longest, alone, waited, writes, failed, acknowledged } = await writers.stop();
  const job = await ended(id);
  expect(job.state, job.says ?? '').toBe('succeeded');
  expect(failed).toEqual([]);
  const [live, gone] = [await multiset(db.sql, planted.tables.slice(0, 1)), await multiset(db.sql, planted.archives.slice(0, 1))];
  const kept = await acknowledged();
  expect({ n: (live[0]?.n ?? 0) + (gone[0]?.n ?? 0), sum: (BigInt(live[0]?.sum ?? 0) + BigInt(gone[0]?.sum ?? 0)).toString() }).toEqual(kept);
  expect(await planted.violations()).toEqual([]);
  expect(await db.sql(`select count(*)::int as n from ${planted.archives[1]} c where not exists (select from ${planted.archives[0]} p where p.id = c.of_id and p.at = c.of_at)`)).toEqual([{ n: 0 }]);
  process.stdout.write(`${writes} writes beside: longest stall of a writer ${longest.toFixed(0)} ms (${alone.toFixed(0)} ms without the job), longest wait for a lock ${waited.toFixed(0)} ms, the job saw ${job.waitedMs.toFixed(0)} ms\n`);
});
