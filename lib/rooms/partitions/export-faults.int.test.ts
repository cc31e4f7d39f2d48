import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { temporaryDirectory } from '@/test/temporary';

const db = await useDatabase();
const directory = temporaryDirectory('riskdesk-exports-');
afterAll(() => rmSync(directory, { recursive: true, force: true }));
/** A path so long that a directory in it can be made, and no file in that. */
const mostBytes = 4050;
let place = directory;
while (place.length < mostBytes) place = join(place, 'x'.repeat(Math.min(200, mostBytes - place.length - 1)));
mkdirSync(place, { recursive: true });
process.env.EXPORT_DIR = place;
const actions = await useActions(db);

test('a disk that takes nothing ends the job, whatever the server still sends, and nothing is dropped or left', async () => {
  const owner = await db.connect('maintenance');
  await owner.query(`create table whole (id int, body text) partition by range (id); create table part_1 (id int, body text); insert into part_1 select g, repeat(md5(g::text), 20) from generate_series(1, 50000) g`);
  const job = await actions.ended(await actions.start('partitions.export', { partition: 'public.part_1', tables: 'are dropped' }, { confirm: 'public.part_1' }));
  expect(job).toMatchObject({ state: 'failed', says: 'The export could not be written or read back (ENAMETOOLONG). Nothing was dropped, and nothing of the export is kept.' });
  expect(await db.sql('select count(*)::int as n from part_1')).toEqual([{ n: 50_000 }]);
  expect(readdirSync(place)).toEqual([]);
  // Its session ends when the server next writes to it.
  await vi.waitFor(async () => expect(await db.sql(`select from pg_stat_activity where application_name = 'riskdesk-job' and datname = current_database()`)).toEqual([]), { timeout: 10_000, interval: 50 });
});
