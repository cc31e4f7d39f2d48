import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { databaseEnvironment } from '@/scripts/supervisor/own-database';
import { root } from '@/scripts/supervisor/paths';
import { connectTo, ensureDatabase, ensureExtensions, ensureRoles, roleNames, type RolePasswords } from '@/scripts/postgres/roles';
import { runProgram } from '@/scripts/processes';
import { superPassword } from './cluster';

export const templateName = 'riskdesk_template';

export const testPasswords: RolePasswords = { postgres: superPassword, maintenance: 'test-maintenance', app: 'test-app', monitor: 'test-monitor' };

/** The environment of a console on one database of a test server. */
export function testEnvironment(port: number, database: string): Record<string, string> {
  return { ...databaseEnvironment(port, testPasswords, database), RISKDESK_OWN_DATABASE: '0', AUTH_SECRET: 'a-secret-for-tests-a-secret-for-tests', EXPORT_DIR: join(tmpdir(), `riskdesk-exports-of-${database}`) };
}

/** Roles, and a database that is migrated once and then cloned for each test file: cloning takes a fraction of it. */
export async function prepareTemplate(port: number): Promise<void> {
  const server = await connectTo(port, 'postgres', superPassword);
  try {
    await ensureRoles(server, testPasswords);
    await ensureDatabase(server, templateName);
    const template = await connectTo(port, templateName, superPassword);
    await ensureExtensions(template, templateName).finally(() => template.end());
    await migrateTemplate(port);
  } finally {
    await server.end();
  }
}

async function migrateTemplate(port: number): Promise<void> {
  const args = ['--conditions=react-server', '--import', 'tsx', join('scripts', 'prepare.ts')];
  const env = { ...process.env, ...testEnvironment(port, templateName), NODE_ENV: 'production' as const };
  const { code, output } = await runProgram(process.execPath, args, { cwd: root, env });
  if (code !== 0) throw new Error(`The template database could not be migrated:\n${output}`);
}

/** Another database: a clone of the template, or an empty one. */
export async function createDatabase(server: pg.Client, name: string, migrated = true): Promise<void> {
  const { maintenance, app, monitor } = roleNames;
  await server.query(`create database ${name} owner ${maintenance} template ${migrated ? templateName : 'template0'}`);
  await server.query(`revoke connect, temporary on database ${name} from public`);
  await server.query(`grant connect on database ${name} to ${app}, ${monitor}`);
}
