import { action } from '@/lib/kit/action';
import { param } from '@/lib/kit/param';
import { ident, literal, sql } from '@/lib/pg/sql';
import { findCounted, readersNote, resetGuards, type Counted } from './reset-object';

type One = Counted & { queryid: string };

export const resetStatement = action({
  name: 'reset_statement',
  title: 'Forget this statement',
  about: 'Sets what pg_stat_statements has counted of one statement back to nothing, to see what a change has brought.',
  permission: 'maintenance:run',
  risk: 'light',
  recurs: false,
  params: { queryid: param.filled('Query id', 'must be a query id of pg_stat_statements, a whole number') },
  find: async (ask, context): Promise<One | null> => {
    const { queryid } = context.params;
    if (!/^-?\d{1,19}$/.test(queryid)) return null;
    const found = await findCounted(ask, context, sql`s.queryid::text = ${queryid}`);
    if (!found || found.kept === 0) return null;
    return { ...found, queryid, name: `statement ${queryid}`, key: `statistics of ${queryid}`, identity: `${found.dbid} ${queryid}`, table: null, bytes: null };
  },
  guards: (object, { role }) => resetGuards(object, role),
  plan: (object) => [{ sql: sql`SELECT ${ident(object.schema)}.pg_stat_statements_reset(0, ${literal(object.dbid)}, ${literal(object.queryid)})`, note: `Forgets it for every role, in ${object.database} alone. ${readersNote(object)}`, lock: null, waits: 'bounded' }],
  blocks: 'Nobody waits for longer than a moment.',
  progress: null,
  figures: async (ask, object) => {
    const { schema, dbid, queryid } = object as One;
    const [found] = await ask<{ calls: number }>(sql`select coalesce(sum(calls), 0)::float8 as calls from ${ident(schema, 'pg_stat_statements')}(false) where dbid = ${dbid}::oid and queryid::text = ${queryid}`);
    return { calls: found?.calls ?? null };
  },
  settle: async () => ({ state: 'undone', says: 'Its figures are the old ones, or begin anew: both are whole.', mend: [] }),
  stale: ['queries'],
});
