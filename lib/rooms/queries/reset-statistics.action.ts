import { action } from '@/lib/kit/action';
import { ident, literal, sql } from '@/lib/pg/sql';
import { findCounted, readersNote, resetGuards, type Counted } from './reset-object';

export const resetStatistics = action({
  name: 'reset_statistics',
  title: 'Forget all statements',
  about: 'Sets what pg_stat_statements has counted of this database back to nothing, for a measurement from here on.',
  permission: 'maintenance:destroy',
  risk: 'destructive',
  recurs: true,
  params: {},
  find: async (ask, context): Promise<Counted | null> => {
    const found = await findCounted(ask, context, sql`true`);
    return found && { ...found, name: found.database, key: 'statistics of statements', identity: found.dbid, table: null, bytes: null };
  },
  guards: (object, { role }) => resetGuards(object, role),
  plan: (object) => [{ sql: sql`SELECT ${ident(object.schema)}.pg_stat_statements_reset(0, ${literal(object.dbid)}, 0)`, note: `Forgets the statements of ${object.database} and of no other database. ${readersNote(object)}`, lock: null, waits: 'bounded' }],
  blocks: 'Nobody waits for longer than a moment.',
  progress: null,
  figures: async (ask, object) => {
    const { schema, dbid } = object as Counted;
    const [found] = await ask<{ n: number }>(sql`select count(*)::int as n from ${ident(schema, 'pg_stat_statements')}(false) where dbid = ${dbid}::oid`);
    return { kept_statements: found?.n ?? null };
  },
  settle: async () => ({ state: 'undone', says: 'The figures are the old ones, or begin anew: both are whole.', mend: [] }),
  stale: ['queries'],
});
