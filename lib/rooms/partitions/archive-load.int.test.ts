import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { rounds } from '@/test/faults';
import { multiset, plantFamily } from '@/test/partitioned';
import { startWriters } from '@/test/writers';

const db = await useDatabase();
const actions = await useActions(db);
const { start, ended, jobOf } = onTarget(actions, 'main', 900_000);
const long = rounds > 50;

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
