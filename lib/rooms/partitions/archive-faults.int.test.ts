import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { numbers, rounds, seed } from '@/test/faults';
import { multiset, plantFamily } from '@/test/partitioned';
import { useProduct } from '@/test/product';
import { startProductServer } from '@/test/server';

const kills = rounds > 50 ? 20 : 2;
const rows = rounds > 50 ? 300_000 : 5000;

const server = await startProductServer();
const { connect, owner } = useProduct(server);
const sql = async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> => {
  const client = await connect(server.url(server.database));
  return (await client.query<T>(text, values).finally(() => client.end())).rows;
};
const db = { sql, connect: owner };

const actions = await useActions(db);
describe('R1: the postmaster is killed while an archive runs', () => {
  const { start, ended, done, shown } = onTarget(actions, 'main', 120_000);

  test('whenever that is: after it nothing is lost or double, the job is settled, and the next run ends what it began', { timeout: 1_800_000 }, async () => {
    const planted = await plantFamily(db, { name: 'Killed', rows, months: 6, plain: true });
    const params = { table: planted.table, days: '20', partial: 'go too' };
    const all = await multiset(sql, planted.tables);
    const next = numbers(seed);
    const states: Record<string, number> = {};
    for (let round = 0; round < kills; round += 1) {
      const id = await start('partitions.archive', params);
      await sleep(300 + next(rounds > 50 ? 6000 : 1000));
      await server.kill();
      // Backends that are left of it have to go first.
      await vi.waitFor(() => server.start(), { timeout: 60_000, interval: 500 });
      const job = await vi.waitFor(() => ended(id), { timeout: 90_000, interval: 500 });
      states[`${job.state}${job.resumable ? ', resumable' : ''}`] = (states[`${job.state}${job.resumable ? ', resumable' : ''}`] ?? 0) + 1;
      const [live, gone] = [await multiset(sql, planted.tables), await multiset(sql, planted.archives)];
      expect(sumOf(live, gone), `round ${round} of seed ${seed}`).toEqual(all);
      expect(await planted.violations()).toEqual([]);
      expect((await sql(`select from pg_inherits where inhdetachpending`)).length).toBe(0);
    }
    await done('partitions.archive', params);
    const [live, gone] = [await multiset(sql, planted.tables), await multiset(sql, planted.archives)];
    expect(sumOf(live, gone)).toEqual(all);
    expect(await sql(`select count(*)::int as n from ${planted.table} where at < date_trunc('day', now()) - interval '20 days'`)).toEqual([{ n: 0 }]);
    expect((await shown('partitions.archive', params)).plan).toEqual([]);
    process.stdout.write(`${kills} kills, seed ${seed}: ${JSON.stringify(states)}\n`);
  });
});

type Sums = { n: number; sum: string | null }[];
/** Of rows in two places, how many there are and their sum; a row that is in both would count twice. */
const sumOf = (live: Sums, gone: Sums): Sums => live.map(({ n, sum }, index) => ({ n: n + (gone[index]?.n ?? 0), sum: (BigInt(sum ?? 0) + BigInt(gone[index]?.sum ?? 0)).toString() }));
