import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, askMeasured } from '@/test/ask';
import { startTestServer } from '@/test/cluster';
import { useDatabase } from '@/test/database';

await useDatabase();
const servers = await Promise.all(([14, 18] as const).map(async (major) => ({ major, server: await startTestServer({ major }) })));
process.env.TARGETS = servers.map(({ major, server }) => `standby${major}=${server.url()}`).join(' ');
const { closeMonitors } = await import('@/lib/run/monitor');
afterAll(async () => {
  await closeMonitors();
  await Promise.all(servers.map(({ server }) => server.dispose()));
});

beforeAll(async () => {
  for (const { server } of servers) {
    const client = new pg.Client(server.url());
    await client.connect();
    for (const statement of [
      'create extension pgstattuple', 'create table t (id serial primary key, note text)', "insert into t (note) select repeat('x', 200) from generate_series(1, 20000)", 'vacuum analyze t',
      'create unlogged table u (id serial primary key)', 'create table p (at date not null) partition by range (at)', "create table p_1 partition of p for values from ('2020-01-01') to ('2020-02-01')",
    ]) await client.query(statement);
    await client.end();
    await server.stop();
    // A server that waits for WAL which nobody sends: in recovery for good.
    writeFileSync(join(server.dataDir, 'standby.signal'), '');
    await server.start();
  }
});

const ids = ['size', 'bloat', 'bloat_exact', 'freeze', 'horizon', 'sequences', 'hygiene'].map((name) => `tables.${name}`);
const partitions = ['tables', 'list', 'runway', 'default_rows', 'hash_balance', 'foreign', 'detached', 'archive'].map((name) => `partitions.${name}`);

describe.each(servers.map(({ major }) => `standby${major}`))('on %s', (target) => {
  test.each([...ids, ...partitions])('%s is measured', async (id) => {
    expect((await ask(id, { target })).state).toBe('measured');
  });

  test.each(['tables.vacuum', 'tables.stale_statistics'])('%s is the primary’s to answer', async (id) => {
    expect(await ask(id, { target })).toMatchObject({ state: 'unmeasured', reason: { code: 'standby' } });
  });

  test('bloat rests on what was replicated; where a sequence stands is readable, an unlogged one’s is not', async () => {
    expect((await askMeasured('tables.bloat', { target, q: 'public.t' })).rows).toMatchObject([{ tab: 'public.t', knowledge: 'Rows changed since they were counted: not known' }]);
    const { rows } = await askMeasured('tables.sequences', { target, q: 'public.' });
    expect(rows.find((row) => row.seq === 'public.u_id_seq')?.last_value ?? null).toBeNull();
    expect(Number(rows.find((row) => row.seq === 'public.t_id_seq')?.last_value)).toBeGreaterThan(19_999);
    expect((await askMeasured('tables.bloat_exact', { target, table: 'public.t' })).rows).toMatchObject([{ says: 'Scanned', live_rows: 20_000 }]);
  });
});
