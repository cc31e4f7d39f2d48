import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { connectTo, roleNames } from '@/scripts/postgres/roles';
import { majors, superPassword, type Major } from './cluster';
import { sharedSchema, type Shared } from './registry';
import { createDatabase, testEnvironment, testPasswords } from './template';

export { majors, type Major };

type Use = keyof typeof roleNames | 'superuser';

export type TestDatabase = {
  name: string;
  port: number;
  logFile: string;
  /** What a console on this database has in its environment; set in this process already. */
  env: Record<string, string>;
  url(use: Use): string;
  /** A connection in that role, ended with the file. */
  connect(use: Use): Promise<pg.Client>;
  /** Rows of one statement as the superuser, for planting and looking. */
  sql<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>;
};

export type DatabaseOptions = {
  major?: Major;
  /** Server settings over the defaults; null leaves one out, such as shared_preload_libraries. */
  settings?: Record<string, string | null>;
  /** False: an empty database without the product's tables. */
  migrated?: boolean;
};

/** A server that this file shares with others of the same major and settings. */
export async function sharedServer({ major = 18, settings = {}, migrated = true }: DatabaseOptions = {}): Promise<Shared> {
  const answer = await fetch(inject('registry'), { method: 'POST', body: JSON.stringify({ major, settings, migrated }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return sharedSchema.parse(JSON.parse(text));
}

/**
 * A database of this test file's own, dropped after it. Call it at the top of the file: `const db = await useDatabase()`.
 * It sets this process's environment, so the product's own pools and settings lead here; a file calls it once for that,
 * and with `{ major }` again for others.
 */
export async function useDatabase(options: DatabaseOptions = {}): Promise<TestDatabase> {
  const { port, logFile } = await sharedServer({ migrated: true, ...options });
  const name = `test_${randomBytes(6).toString('hex')}`;
  const server = await connectTo(port, 'postgres', superPassword);
  await createDatabase(server, name, options.migrated !== false);
  const env = testEnvironment(port, name);
  if (process.env.TEST_DATABASE === undefined) Object.assign(process.env, env, { TEST_DATABASE: name });
  const clients: pg.Client[] = [];
  const connect = async (use: Use) => {
    const user = use === 'superuser' ? 'postgres' : roleNames[use];
    const client = await connectTo(port, name, use === 'superuser' ? superPassword : testPasswords[use], user);
    clients.push(client);
    return client;
  };
  let looking: Promise<pg.Client> | undefined;
  afterAll(async () => {
    if (env.DB_NAME === process.env.DB_NAME) await (await import('@/lib/db/client')).closeDatabase();
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
    await server.query(`drop database if exists ${name} with (force)`);
    await server.end();
  });
  return {
    name, port, logFile, env, connect,
    url: (use) => {
      const [user, password] = use === 'superuser' ? ['postgres', superPassword] : [roleNames[use], testPasswords[use]];
      return `postgres://${user}:${password}@127.0.0.1:${port}/${name}?sslmode=disable`;
    },
    sql: async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []) => {
      looking ??= connect('superuser');
      return (await (await looking).query<T>(text, values)).rows;
    },
  };
}
