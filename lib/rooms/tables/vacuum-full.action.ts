import { action } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard, type RelationObject } from '@/lib/kit/relation-object';
import { ident, sql } from '@/lib/pg/sql';
import { toldByVacuum } from './vacuum-log';

const identityOf = async (ask: Ask, { oid }: RelationObject): Promise<string | null> =>
  (await ask<{ identity: string }>(sql`select c.oid::text || ' ' || coalesce(pg_relation_filenode(c.oid), 0) as identity from pg_class c where c.oid = ${oid}::oid`))[0]?.identity ?? null;

export const vacuumFull = action({
  name: 'vacuum_full',
  title: 'Rewrite a table (VACUUM FULL)',
  about: 'Copies the live rows into a new file, builds every index anew and gives the old ones back to the disk. Until it is done nobody reads or writes the table.',
  permission: 'maintenance:destroy',
  risk: 'destructive',
  recurs: true,
  params: { table: param.object('Table'), analyze: param.choice('Analyze too', ['yes', 'no']) },
  find: (ask, { params, role, server }): Promise<RelationObject | null> => findRelation(ask, params.table, 'rm', role, server.major),
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'maintained')],
  plan: ({ schema, rel }, { params }) => [{
    sql: sql`VACUUM (FULL, VERBOSE${params.analyze === 'yes' ? sql`, ANALYZE` : sql``}) ${ident(schema, rel)}`,
    note: 'Once it has the lock it keeps it to the end: every read and every write of the table waits for the whole rewrite. The table and its indexes go through the WAL. Where the disk runs full, the rewrite fails and the table stays as it is.',
    lock: 'ACCESS EXCLUSIVE', waits: 'bounded',
  }],
  blocks: 'Every session that reads or writes the table waits until it is done. Queries on standbys that use it are cancelled, or hold replay up.',
  disk: ({ bytes }) => bytes,
  progress: 'cluster',
  tells: toldByVacuum,
  figures: async (ask, object) => {
    const [found] = await ask<{ heap: number; indexes: number; total: number }>(sql`
      select pg_table_size(c.oid)::float8 as heap, pg_indexes_size(c.oid)::float8 as indexes from pg_class c where c.oid = ${(object as RelationObject).oid}::oid`);
    return { table_bytes: found?.heap ?? null, index_bytes: found?.indexes ?? null };
  },
  settle: async (ask, object) => {
    const now = await identityOf(ask, object);
    if (now !== null && now !== object.identity) return { state: 'done', says: 'The table has its new file.', mend: [] };
    return { state: 'undone', says: 'It was rolled back: the table is what it was. Where the server itself crashed, the half-written copy can stay in its directory as files that no catalog knows.', mend: [] };
  },
  stale: ['tables', 'indexes'],
});
