import { action } from '@/lib/kit/action';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard, type RelationObject } from '@/lib/kit/relation-object';
import { ident, sql } from '@/lib/pg/sql';

export const analyze = action({
  name: 'analyze',
  title: 'Analyze a table',
  about: 'Takes a sample of the rows for the planner, which chooses plans by it.',
  permission: 'maintenance:run',
  risk: 'light',
  recurs: true,
  params: { table: param.object('Table') },
  find: (ask, { params, role, server }): Promise<RelationObject | null> => findRelation(ask, params.table, 'rmp', role, server.major),
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'vacuumed')],
  plan: ({ schema, rel, kind }) => [
    { sql: sql`ANALYZE ${ident(schema, rel)}`, note: kind === 'p' ? 'Samples the table as a whole and each of its partitions.' : 'Samples the table.', lock: 'SHARE UPDATE EXCLUSIVE', waits: 'bounded' },
  ],
  blocks: 'No read and no write waits. VACUUM, index builds and changes of the table wait.',
  progress: 'analyze',
  figures: async (ask, { table }) => {
    const [found] = await ask<{ row_estimate: number; changed_rows: number }>(sql`select reltuples::float8 as row_estimate, coalesce(pg_stat_get_mod_since_analyze(oid), 0)::float8 as changed_rows from pg_class where oid = ${table}::oid`);
    return { row_estimate: found?.row_estimate ?? null, changed_rows: found?.changed_rows ?? null };
  },
  settle: async () => ({ state: 'undone', says: 'Statistics are as they were before, or new: both are whole.', mend: [] }),
  stale: ['tables', 'indexes', 'queries', 'plans'],
});
