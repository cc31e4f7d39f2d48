import { expect, test } from 'vitest';
import { useDatabase } from '@/test/database';

const db = await useDatabase();
Object.assign(process.env, { ADMIN_EMAIL: 'First@riskdesk.example', ADMIN_PASSWORD: 'a password of the tests' });

test('of consoles that start together one creates the first administrator, and none fails', async () => {
  const { ensureFirstAdmin } = await import('./users');
  const { database } = await import('@/lib/db/client');
  const made = await Promise.all([1, 2, 3].map(() => ensureFirstAdmin(database())));
  expect(made.filter(Boolean)).toHaveLength(1);
  expect(await db.sql('select email, role from users')).toEqual([{ email: 'first@riskdesk.example', role: 'admin' }]);
  expect(await ensureFirstAdmin(database())).toBe(false);
});
