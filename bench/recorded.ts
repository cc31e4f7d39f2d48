import { createHash } from 'node:crypto';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import * as schema from '@/drizzle/schema';
import type { Database } from '@/lib/db/client';
import { render, type Statement } from '@/lib/pg/sql';
import type { Work } from './measure';

/** The statements that a verb sends, as it sends them: it runs on a bare connection that writes them down. */
export async function recorded(client: pg.Client, verb: (db: Database) => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = [];
  const db: Database = {
    orm: drizzle(client, { schema }),
    rows: async <T extends pg.QueryResultRow>(statement: Parameters<Database['rows']>[0]) => {
      const rendered = render(statement);
      statements.push(rendered);
      return (await client.query<T>(rendered)).rows;
    },
    flush: async () => {},
  };
  await verb(db);
  return statements;
}

/** The floor: the same statements one after the other, prepared once. */
export function bare(client: pg.Client, statements: Statement[]): Work {
  const named = statements.map(({ text, values }) => ({ name: createHash('sha256').update(text).digest('hex').slice(0, 24), text, values }));
  return async () => {
    for (const statement of named) await client.query(statement);
  };
}
