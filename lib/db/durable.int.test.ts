import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test, vi } from 'vitest';
import { startTestServer, superPassword } from '@/test/cluster';
import { numbers, rounds, seed } from '@/test/faults';
import { connectTo } from '@/scripts/postgres/roles';
import { createDatabase, prepareTemplate, testEnvironment } from '@/test/template';

// A server of its own, which tells of a commit when it is on disk: it is killed again and again.
const server = await startTestServer({ settings: { synchronous_commit: 'on' } });
await prepareTemplate(server.port);
const setUp = await connectTo(server.port, 'postgres', superPassword);
await createDatabase(setUp, 'durable');
await setUp.end();
Object.assign(process.env, testEnvironment(server.port, 'durable'));
const { writeAudit } = await import('./audit');
const { closeDatabase, database, transaction } = await import('./client');
const { sql } = await import('@/lib/pg/sql');
const { verifyAudit } = await import('@/lib/run/audit/verify');
afterAll(async () => {
  await closeDatabase();
  await server.dispose();
});

const kills = Math.max(2, Math.round(rounds / 4));
const next = numbers(seed);

test(`I2: what was acknowledged is there after PostgreSQL was killed, ${kills} times, seed ${seed}`, { timeout: 30_000 + kills * 20_000 }, async () => {
  const writing = { over: false };
  const acknowledged = new Set<string>();
  const write = async (writer: number) => {
    for (let n = 0; !writing.over; n += 1) {
      const [alone, within] = [`alone:${writer}:${n}`, `within:${writer}:${n}`];
      const entry = { caller: null, actor: 'x', action: 'test.write', outcome: 'success' as const };
      await writeAudit(database(), { ...entry, object: alone }).then(() => acknowledged.add(alone), () => sleep(50));
      await transaction((tx) => writeAudit(tx, { ...entry, object: within })).then(() => acknowledged.add(within), () => sleep(50));
    }
  };
  const writers = Array.from({ length: 6 }, (_, writer) => write(writer));
  const more = () => {
    const before = acknowledged.size;
    return vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 50), { timeout: 20_000, interval: 20 });
  };
  for (let kill = 0; kill < kills; kill += 1) {
    await more();
    await sleep(next(300));
    await server.kill();
    await server.start();
  }
  await more();
  writing.over = true;
  await Promise.all(writers);
  const there = new Set((await database().rows<{ object: string }>(sql`select object from riskdesk.audit_log`)).map(({ object }) => object));
  expect([...acknowledged].filter((object) => !there.has(object))).toEqual([]);
  expect(await verifyAudit(database(), 1)).toMatchObject({ state: 'intact', bad: null });
  process.stdout.write(`I2: ${kills} kills amid six writers; ${acknowledged.size} rows acknowledged, ${there.size} there, the chain whole\n`);
});
