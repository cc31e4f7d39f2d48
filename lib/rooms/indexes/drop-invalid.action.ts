import { action, type Refusal } from '@/lib/kit/action';
import { dropStep, isLeftover, nothingLeft, stateOf } from '@/lib/kit/index-leftover';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard, type RelationObject } from '@/lib/kit/relation-object';
import { sql } from '@/lib/pg/sql';
import { statementOf } from './catalog';

type Invalid = RelationObject & { valid: boolean; ready: boolean; uniquely: boolean; holder: number | null; building: boolean; attached: boolean; constraint: string | null; identity_of: boolean; definition: string };

/** Nothing is dropped that somebody works on, that queries can use, or that something rests on. */
const unsafe = (object: Invalid): Refusal[] => [
  ...(object.valid ? [{ name: 'valid', says: 'It is valid: queries may use it.', saferWay: 'If it is not wanted: indexes.drop.' }] : []),
  ...(object.holder === null ? [] : [{ name: 'building', says: `Process ${object.holder} is working on it: it is invalid until that ends.`, saferWay: 'Let it end.' }]),
  ...(object.building && object.holder === null ? [{ name: 'building', says: 'A build runs on its table, whose index is hidden from the monitoring role: it may be this one.', saferWay: 'Let it end.' }] : []),
  ...(object.attached ? [{ name: 'attached', says: 'It is a part of an index of the partitioned table and cannot be dropped alone.', saferWay: 'Rebuild it: indexes.reindex.' }] : []),
  ...(object.constraint === null ? [] : [{ name: 'constraint', says: `The constraint ${object.constraint} rests on it.`, saferWay: 'Rebuild it: indexes.reindex.' }]),
  ...(object.identity_of ? [{ name: 'replica_identity', says: 'It is the table’s replica identity.', saferWay: 'Rebuild it: indexes.reindex.' }] : []),
];

export const dropInvalid = action({
  name: 'drop_invalid',
  title: 'Drop what is left of a build',
  about: 'Takes away an index that is invalid: no query uses it, and writes may still pay for it.',
  permission: 'maintenance:run',
  risk: 'light',
  recurs: false,
  params: { index: param.object('Index') },
  find: async (ask, { params, role, server }): Promise<Invalid | null> => {
    const relation = await findRelation(ask, params.index, 'i', role, server.major);
    if (!relation) return null;
    const [facts] = await ask<Omit<Invalid, keyof RelationObject>>(sql`
      select i.indisvalid as valid, i.indisready as ready, i.indisunique as uniquely, c.relispartition as attached, i.indisreplident as identity_of, ${statementOf(sql`i`)} as definition,
        (select min(conname)::text from pg_constraint where conindid = i.indexrelid) as "constraint",
        coalesce((select min(p.pid) from pg_stat_progress_create_index p where p.datname = current_database() and (p.index_relid = i.indexrelid or (p.relid = i.indrelid and p.command like 'REINDEX%'))),
          (select min(l.pid) from pg_locks l where l.locktype = 'relation' and l.relation = i.indexrelid and l.database = (select oid from pg_database where datname = current_database())
            and l.mode in ('ShareUpdateExclusiveLock', 'ShareLock', 'AccessExclusiveLock') and l.pid <> pg_backend_pid())) as holder,
        exists (select from pg_stat_progress_create_index p join pg_locks l on l.pid = p.pid and l.locktype = 'relation' and l.relation = i.indrelid where p.datname = current_database() and p.relid is null) as building
      from pg_index i join pg_class c on c.oid = i.indexrelid where i.indexrelid = ${relation.oid}::oid`);
    return facts ? { ...relation, ...facts } : null;
  },
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'owned'), ...unsafe(object)],
  plan: (object) => [dropStep(object, `Waits for transactions that use the table, and drops it.${object.uniquely && object.ready && !isLeftover(object.rel) ? ' As a unique index it has kept new doubles out: that ends.' : ''}`)],
  blocks: 'No read and no write waits. It waits itself for every transaction that uses the table.',
  progress: null,
  figures: async (ask, object) => {
    const [found] = await ask<{ n: number }>(sql`select count(*)::int as n from pg_index where indrelid = ${object.table}::oid and not indisvalid`);
    return { invalid_indexes: found?.n ?? null };
  },
  inverse: ({ rel, definition }) => (isLeftover(rel) ? null : { sql: `-- outside a transaction\n${definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ')};` }),
  settle: async (ask, object) => {
    const now = await stateOf(ask, object);
    if (!now) return { state: 'done', says: 'The index is gone.', mend: [] };
    return now.valid ? nothingLeft('The index has become valid.') : { state: 'undone', says: 'It is still there.', mend: [dropStep(object, 'Drops it, again.')] };
  },
  stale: ['indexes', 'tables'],
});
