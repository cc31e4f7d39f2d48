import { describe, expect, test } from 'vitest';
import { onTarget } from '@/test/action';
import { useActions } from '@/test/actions';
import { useDatabase } from '@/test/database';
import { multiset, plantFamily } from '@/test/partitioned';
import { rounds } from '@/test/faults';
import { startWriters } from '@/test/writers';

const db = await useDatabase();
const old = await useDatabase({ major: 14 });
process.env.TARGETS = `pg14=${old.url('maintenance')}`;
const actions = await useActions(db);
/** A million rows in the long form. */
const rows = rounds > 50 ? 1_000_000 : 20_000;

describe.each([['main', db], ['pg14', old]] as const)('on %s', (target, server) => {
  const { shown, done, preview } = onTarget(actions, target, 600_000);

  test('R12: rows of a filled DEFAULT come into their partitions while four writers insert, update and delete, and children refer to them', { timeout: 900_000 }, async () => {
    const planted = await plantFamily(server, { name: 'Filled', rows, months: 4, fallback: true });
    const { table, tables, sql } = planted;
    expect((await preview('partitions.create', { table, gaps: 'yes' })).body).toMatchObject({ code: 'guard_refused', guards: [{ name: 'default_rows' }] });
    const writers = await startWriters(server, planted);
    const job = await done('partitions.rescue_default', { table });
    const { longest, writes, failed, acknowledged } = await writers.stop();
    process.stdout.write(`${target}, ${rows} rows and ${writes} writes beside: longest stall of a writer ${longest.toFixed(0)} ms; the job saw ${job.waitedMs.toFixed(0)} ms, held ${job.progress?.held_ms.toFixed(0)} ms\n`);
    expect(failed).toEqual([]);
    expect(await sql(`select count(*)::int as n from ${planted.fallback}`)).toEqual([{ n: 0 }]);
    // What was written and acknowledged is there, once.
    expect(await multiset(sql, tables.slice(0, 1))).toEqual([await acknowledged()]);
    expect(await planted.violations()).toEqual([]);
    expect((await shown('partitions.rescue_default', { table })).plan).toEqual([]);
    expect(job.progress?.held_ms).toBeLessThan(200);
    expect(await sql(`select relname from pg_class where relname ~ 'riskdesk' and relkind in ('r', 'p') union all select proname from pg_proc where proname ~ 'riskdesk_mirror'`)).toEqual([]);
  });
});
