import { describe, expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { multiset, plantFamily } from '@/test/partitioned';
import { rounds } from '@/test/faults';
import { startWriters } from '@/test/writers';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
vi.setConfig({ testTimeout: 90_000 });
const actions = await useActions(db);
/** A million rows in the long form, and of two majors. */
const long = rounds > 50;
const rows = long ? 1_000_000 : 8000;
const places = ([['main', db], ['pg14', old]] as const).filter(([target]) => long || target === 'main');

test.each([['main', db], ['pg14', old]] as const)('on %s what the table refers to, its partitions refer to as well, and a key of another schema’s type is tried before anybody’s write meets it', async (target, server) => {
  const { done, run } = onTarget(actions, target);
  const owner = await server.connect('maintenance');
  for (const text of [
    'create table kinds (id int primary key)', 'insert into kinds values (1), (2)',
    'create table kept (at date not null, kind int references kinds on delete cascade, n int, primary key (at)) partition by range (at)', `create table kept_1 partition of kept for values from ('2025-01-01') to ('2025-02-01')`, 'create table kept_rest partition of kept default',
    `insert into kept select date '2025-02-01' + g, g % 2 + 1, g from generate_series(0, 80) g`,
    `create function half(n int) returns int immutable language plpgsql as 'begin return halved(n); end'`, `create function halved(n int) returns int immutable language sql as 'select n / 2'`,
  ]) await owner.query(text);
  await done('partitions.rescue_default', { table: 'public.kept' });
  expect(await server.sql(`select count(*)::int as n from pg_constraint where contype = 'f' and conrelid in (select inhrelid from pg_inherits where inhparent = 'kept'::regclass) and confrelid = 'kinds'::regclass and conparentid <> 0 and convalidated`)).toEqual([{ n: 5 }]);
  await owner.query('delete from kinds where id = 2');
  expect(await server.sql('select count(*)::int as n from kept')).toEqual([{ n: 41 }]);
  // A check whose function finds another only by the writer's search_path.
  await owner.query(`insert into kept select date '2025-06-01' + g, 1, g from generate_series(0, 20) g`);
  await owner.query('alter table kept add check (half(n) >= 0)');
  const job = await run('partitions.rescue_default', { table: 'public.kept' });
  expect([job.state, job.says]).toEqual(['failed', expect.stringMatching(/halved/)]);
  await owner.query(`insert into kept values ('2025-07-01', 1, 5)`);
  await done('partitions.rescue_default', { table: 'public.kept', undo: 'is taken back' });
});

describe.each(places)('on %s', (target, server) => {
  const { shown, doneAtLast, preview } = onTarget(actions, target, 600_000);

  test('R12: rows of a filled DEFAULT come into their partitions while four writers insert, update and delete, and children refer to them', { timeout: 900_000 }, async () => {
    const planted = await plantFamily(server, { name: 'Filled', rows, months: 4, fallback: true });
    const { table, tables, sql } = planted;
    expect((await preview('partitions.create', { table, gaps: 'yes' })).body).toMatchObject({ code: 'guard_refused', guards: [{ name: 'default_rows' }] });
    const writers = await startWriters(server, planted);
    const job = await doneAtLast('partitions.rescue_default', { table });
    const { longest, alone, waited, writes, failed, acknowledged } = await writers.stop();
    process.stdout.write(`${target}, ${rows} rows and ${writes} writes beside: longest stall of a writer ${longest.toFixed(0)} ms (${alone.toFixed(0)} ms without the job), longest wait for a lock ${waited.toFixed(0)} ms; the job saw ${job.waitedMs.toFixed(0)} ms, held ${job.progress?.held_ms.toFixed(0)} ms\n`);
    expect(failed).toEqual([]);
    expect(await sql(`select count(*)::int as n from ${planted.fallback}`)).toEqual([{ n: 0 }]);
    // What was written and acknowledged is there, once.
    expect(await multiset(sql, tables.slice(0, 1))).toEqual([await acknowledged()]);
    expect(await planted.violations()).toEqual([]);
    expect((await shown('partitions.rescue_default', { table })).plan).toEqual([]);
    expect(await sql(`select relname from pg_class where relname ~ 'riskdesk' and relkind in ('r', 'p') union all select proname from pg_proc where proname ~ 'riskdesk_mirror'`)).toEqual([]);
  });
});
