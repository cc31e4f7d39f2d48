import { expect, test } from 'vitest';
import { majors, useDatabase } from './database';

const db = await useDatabase();

test('a test file has a migrated database of its own, and the product’s settings lead to it', async () => {
  const { database } = await import('@/lib/db/client');
  const { sql } = await import('@/lib/pg/sql');
  expect(await database().rows(sql`select current_database() as name, current_user as role`)).toEqual([{ name: db.name, role: 'riskdesk_app' }]);
  expect(await database().rows(sql`select count(*)::int as n from risk_assessments`)).toEqual([{ n: 0 }]);
});

test('S22: the three roles are no superusers and may not make roles', async () => {
  const roles = await db.sql<{ rolname: string }>(
    `select rolname from pg_roles where rolname like 'riskdesk%' and not (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)
       and not pg_has_role(oid, 'pg_execute_server_program', 'member') and not pg_has_role(oid, 'pg_write_server_files', 'member') order by 1`,
  );
  expect(roles.map(({ rolname }) => rolname)).toEqual(['riskdesk_app', 'riskdesk_maintenance', 'riskdesk_monitor']);
});

test.for(majors.filter((major) => major !== 18))('the product migrates PostgreSQL %i', async (major) => {
  const other = await useDatabaseOf(major);
  const [row] = await other.query<{ version: number; tables: number }>(
    `select current_setting('server_version_num')::int / 10000 as version, (select count(*)::int from pg_class where relname like 'risk_assessments%' and relkind = 'r') as tables`,
  ).then(({ rows }) => rows);
  await other.end();
  expect(row?.version).toBe(major);
  expect(row?.tables).toBeGreaterThan(3);
});

async function useDatabaseOf(major: (typeof majors)[number]) {
  const { sharedServer } = await import('./database');
  const { connectTo } = await import('@/scripts/postgres/roles');
  const { templateName } = await import('./template');
  const { superPassword } = await import('./cluster');
  const { port } = await sharedServer({ major });
  return connectTo(port, templateName, superPassword);
}
