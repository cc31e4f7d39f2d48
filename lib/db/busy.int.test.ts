import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { toAppError } from '@/lib/pg/errors';
import { useDatabase } from '@/test/database';

process.env.DB_MAX_CONNECTIONS = '1';
process.env.DB_MIN_CONNECTIONS = '1';
await useDatabase();
const { database, transaction } = await import('./client');

test('F4: a query of Drizzle’s that finds no free connection is refused as busy, as one of ours is', async () => {
  let release = () => {};
  const held = transaction(() => new Promise<void>((resolve) => (release = resolve)));
  await sleep(50);
  const refused = await database().orm.execute(sql`select 1`).then(() => null, (error: unknown) => error);
  release();
  await held;
  expect(toAppError(refused)).toMatchObject({ code: 'database_busy', status: 503 });
});
