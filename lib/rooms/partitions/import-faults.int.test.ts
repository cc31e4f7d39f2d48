import { rmSync } from 'node:fs';
import { afterAll, expect, test, vi } from 'vitest';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { numbers, rounds, seed } from '@/test/faults';
import { multiset } from '@/test/partitioned';
import { temporaryDirectory } from '@/test/temporary';

const db = await useDatabase();
const directory = temporaryDirectory('riskdesk-import-faults-');
afterAll(() => rmSync(directory, { recursive: true, force: true }));
process.env.EXPORT_DIR = directory;
vi.setConfig({ testTimeout: 60_000 + rounds * 15_000 });
const actions = await useActions(db);
const next = numbers(seed);

test('its session ended at any moment, and begun again until it is back: every row once, and the table as it was', async () => {
  const owner = await db.connect('maintenance');
  await owner.query(`create table of_all (id int primary key); insert into of_all select generate_series(0, 9);
    create table whole (id int, of int, body text) partition by range (id);
    create table part (id int primary key, of int references of_all, body text); insert into part select g, g % 10, repeat(md5(g::text), 3) from generate_series(1, 40000) g; create index on part (body, of)`);
  const now = async () => ({
    rows: await multiset((text, values) => db.sql(text, values), ['part']),
    made: await db.sql(`select (select array_agg(pg_get_constraintdef(oid) || convalidated order by conname) from pg_constraint where conrelid = 'part'::regclass and contype <> 'n') as constraints, (select array_agg(pg_get_indexdef(indexrelid) || indisvalid order by 1) from pg_index where indrelid = 'part'::regclass) as indexes`),
  });
  const before = await now();
  const exported = await actions.done('partitions.export', { partition: 'public.part', tables: 'are dropped' }, { confirm: 'public.part' });
  const told = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1) {
    const again = async (tries: number): Promise<string> => {
      const id = await actions.start('partitions.import', { export: exported.id });
      const moment = next(1500) * (next(3) === 0 ? 0.1 : 1);
      await new Promise((resolve) => setTimeout(resolve, moment));
      if (tries < 3) await db.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`);
      const { state, says } = await actions.ended(id, 60_000);
      told.set(state, (told.get(state) ?? 0) + 1);
      if (state === 'succeeded') return says ?? '';
      const [there] = await db.sql<{ there: boolean }>(`select to_regclass('part') is not null as there`);
      // One whose session ended before it was written down has nothing to look for.
      expect([there?.there, says]).toEqual([there?.there, expect.stringMatching(there?.there ? /Every row is back/ : /Nothing of the export is in the database|^The connection to the target broke off\.$/)]);
      if (there?.there) expect((await now()).rows).toEqual(before.rows);
      return again(tries + 1);
    };
    await again(0);
    expect(await now(), `round ${round}, seed ${seed}`).toEqual(before);
    await owner.query('drop table part');
  }
  process.stdout.write(`seed ${seed}: ${rounds} exports brought back through ${[...told].map(([what, times]) => `${what} ${times}`).join(', ')}\n`);
});
