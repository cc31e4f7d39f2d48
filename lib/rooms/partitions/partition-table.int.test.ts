import { describe, expect, test, vi } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { rounds } from '@/test/faults';
import { multiset, plantFamily } from '@/test/partitioned';
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

describe.each(places)('on %s', (target, server) => {
  const { shown, done, doneAtLast, preview } = onTarget(actions, target, 600_000);

  test('a plain table becomes a partitioned one while four writers insert, update and delete', { timeout: 900_000 }, async () => {
    const planted = await plantFamily(server, { name: 'Plain', rows, months: 4, whole: true });
    const { table, tables, sql, owner } = planted;
    expect((await preview('partitions.partition_table', { table: tables[1] ?? '', by: 'no' })).body).toMatchObject({ code: 'guard_refused' });
    await owner.query(`grant select on ${table} to riskdesk_app`);
    const writers = await startWriters(server, planted);
    const params = { table, by: 'at' };
    const job = await doneAtLast('partitions.partition_table', params);
    const { longest, alone, waited, writes, failed, acknowledged } = await writers.stop();
    process.stdout.write(`${target}, ${rows} rows and ${writes} writes beside: longest stall of a writer ${longest.toFixed(0)} ms (${alone.toFixed(0)} ms without the job), longest wait for a lock ${waited.toFixed(0)} ms; the job saw ${job.waitedMs.toFixed(0)} ms, held ${job.progress?.held_ms.toFixed(0)} ms\n`);
    expect(failed).toEqual([]);
    expect(await multiset(sql, [table])).toEqual([await acknowledged()]);
    const [found] = await sql<{ kind: string; partitions: number; may: boolean }>(`select relkind::text as kind, (select count(*)::int from pg_inherits where inhparent = c.oid) as partitions, has_table_privilege('riskdesk_app', c.oid, 'select') as may from pg_class c where c.oid = $1::regclass`, [table]);
    expect(found).toMatchObject({ kind: 'p', may: true });
    expect(found?.partitions).toBeGreaterThan(6);
    // New rows get new numbers.
    expect(await sql(`insert into ${table} (at, owner, body) values (now(), 'after', 'x') returning id > (select max(id) from public.ledger) as newer`)).toEqual([{ newer: true }]);
    expect((await preview('partitions.partition_table', params)).status).toBe(404);
  });

  test('what an unfinished run has left is taken back', async () => {
    const { owner, sql } = await plantFamily(server, { name: 'Begun', rows: 100, months: 2, whole: true });
    const params = { table: 'public."Begun"', by: 'at' };
    const { plan } = await shown('partitions.partition_table', params);
    for (const { sql: text } of plan.slice(0, 3)) await owner.query(`set search_path = ''; ${text}`);
    await owner.query(`insert into public."Begun" (at, owner, body) values (now(), 'x', 'y')`);
    expect(await sql(`select count(*)::int as n from public."Begun_riskdesk_new"`)).toEqual([{ n: 1 }]);
    expect((await shown('partitions.partition_table', params)).plan.length).toBe(plan.length - 3);
    await done('partitions.partition_table', { ...params, undo: 'is taken back' });
    expect(await sql(`select relname from pg_class where relname ~ '^Begun.*riskdesk'`)).toEqual([]);
    await done('partitions.partition_table', { ...params, old: 'is dropped' });
    expect(await sql(`select count(*)::int as n from public."Begun"`)).toEqual([{ n: 101 }]);
    expect(await sql(`select relname from pg_class where relname ~ 'Begun.*riskdesk_(new|old)$'`)).toEqual([]);
  });
});
