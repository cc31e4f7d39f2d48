import { action } from '@/lib/kit/action';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard, type RelationObject } from '@/lib/kit/relation-object';
import { ident, sql } from '@/lib/pg/sql';

export const vacuum = action({
  name: 'vacuum',
  title: 'Vacuum a table',
  about: 'Makes the room of dead rows free for new ones and keeps transaction ids from running out.',
  permission: 'maintenance:run',
  risk: 'light',
  params: { table: param.object('Table'), analyze: param.choice('Analyze too', ['yes', 'no']), freeze: param.choice('Freeze all rows', ['no', 'yes']), truncate: param.choice('Give empty pages at the end back', ['no', 'yes']) },
  find: (ask, { params, role, server }): Promise<RelationObject | null> => findRelation(ask, params.table, 'rmp', role, server.major),
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'vacuumed')],
  plan: ({ schema, rel }, { params }) => [
    {
      sql: sql`VACUUM (VERBOSE${params.freeze === 'yes' ? sql`, FREEZE` : sql``}${params.analyze === 'yes' ? sql`, ANALYZE` : sql``}${params.truncate === 'yes' ? sql`` : sql`, TRUNCATE false`}) ${ident(schema, rel)}`,
      note: params.truncate === 'yes' ? 'Removes dead rows; at the end it asks for an ACCESS EXCLUSIVE lock to cut off empty pages, and gives way to whoever waits.' : 'Removes dead rows; the file keeps its size.',
      lock: 'SHARE UPDATE EXCLUSIVE',
      waits: 'bounded',
    },
  ],
  blocks: 'No read and no write waits. Another VACUUM, index builds and changes of the table wait.',
  progress: 'vacuum',
  figures: async (ask, { table }) => {
    const [found] = await ask<{ dead_rows: number; size_bytes: number; age: number | null }>(sql`
      select pg_stat_get_dead_tuples(oid)::float8 as dead_rows, pg_relation_size(oid)::float8 as size_bytes, case when relfrozenxid <> 0 then age(relfrozenxid) end as age from pg_class where oid = ${table}::oid`);
    return { dead_rows: found?.dead_rows ?? null, size_bytes: found?.size_bytes ?? null, xid_age: found?.age ?? null };
  },
  settle: async () => ({ state: 'undone', says: 'Whatever it had cleaned stays clean; nothing is half done.', mend: [] }),
  stale: ['tables', 'indexes'],
});
