import { action, type Refusal, type Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { dropStep, leftoversOn } from '@/lib/kit/index-leftover';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard, type RelationObject } from '@/lib/kit/relation-object';
import { array, ident, sql } from '@/lib/pg/sql';

type Index = { oid: string; schema: string; rel: string; table: string; identity: string; bytes: number; excludes: boolean; toast: boolean };
type Indexed = RelationObject & { indexes: Index[] };

/** Indexes of the table, or of all its partitions, with those of their TOAST tables, whose schema is closed to most roles; without what REINDEX has left behind. The smallest first. */
const indexesOf = (ask: Ask, { oid, kind, owned }: RelationObject, role: string): Promise<Index[]> => ask<Index>(sql`
  with part as (select relid::oid as oid from pg_partition_tree(${oid}::oid::regclass) where ${kind} = 'p' union all select ${oid}::oid where ${kind} <> 'p'),
    heap as (select oid, false as toast from part union all select c.reltoastrelid, true from pg_class c join part on part.oid = c.oid where c.reltoastrelid <> 0 and ${owned} and has_schema_privilege(${role}::name, 'pg_toast', 'USAGE'))
  select c.oid::text as oid, n.nspname::text as schema, c.relname::text as rel, i.indrelid::text as "table", c.oid || ' ' || coalesce(pg_relation_filenode(c.oid), 0) as identity, pg_relation_size(c.oid)::float8 as bytes,
    i.indisexclusion as excludes, heap.toast
  from heap join pg_index i on i.indrelid = heap.oid join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'i' and (i.indisvalid or c.relname !~ '_cc(new|old)[0-9]*$') order by 6, 2, 3`);

const excluding = ({ indexes }: Indexed): string => indexes.filter(({ excludes }) => excludes).map(({ rel }) => rel).join(', ');

function stepsOf(object: Indexed): Step[] {
  const left = excluding(object);
  return object.indexes.filter(({ excludes }) => !excludes).map(({ schema, rel, toast }, index) => ({
    sql: sql`REINDEX INDEX CONCURRENTLY ${ident(schema, rel)}`,
    note: `${toast ? 'The index of a TOAST table. ' : ''}Builds a new index beside the old one, waits for older transactions, changes over and drops the old one.${index === 0 && left ? ` Left out, because PostgreSQL rebuilds an exclusion constraint’s index under lock only: ${left}.` : ''}`,
    lock: 'SHARE UPDATE EXCLUSIVE', waits: 'patient', awaits: { lock: 'ACCESS EXCLUSIVE', snapshots: true },
  }));
}

const nothing = (object: Indexed): Refusal[] =>
  object.indexes.some(({ excludes }) => !excludes) ? [] : [{ name: 'nothing', says: `${object.table_name} has no index that can be rebuilt beside its use${excluding(object) ? `: ${excluding(object)} belongs to an exclusion constraint` : ''}.`, saferWay: null }];

export const reindex = action({
  name: 'reindex',
  title: 'Rebuild all its indexes',
  about: 'Builds each index of a table anew, one after the other, while others read and write: bloat is gone, what was invalid is valid.',
  permission: 'maintenance:run',
  risk: 'heavy',
  recurs: true,
  params: { table: param.object('Table') },
  find: async (ask, { params, role, server }): Promise<Indexed | null> => {
    const relation = await findRelation(ask, params.table, 'rmp', role, server.major);
    if (!relation) return null;
    const indexes = await indexesOf(ask, relation, role);
    return { ...relation, bytes: indexes.reduce((sum, { bytes }) => sum + bytes, 0), identity: `${relation.identity} ${indexes.map(({ identity }) => identity).join(' ')}`, indexes };
  },
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'maintained'), ...nothing(object)],
  plan: stepsOf,
  blocks: 'No read and no write waits. VACUUM, index builds and changes of the table wait. Each index waits for every transaction that uses the table, and at its end for every older snapshot in this database.',
  // One at a time: REINDEX TABLE CONCURRENTLY would need all of them twice.
  disk: ({ indexes }) => Math.max(0, ...indexes.map(({ bytes }) => bytes)),
  place: ({ indexes }) => ({ relations: indexes.map(({ oid }) => oid) }),
  progress: 'create_index',
  figures: async (ask, object) => {
    const [found] = await ask<{ bytes: number | null }>(sql`
      select sum(pg_relation_size(i.indexrelid))::float8 as bytes from pg_index i join pg_class c on c.oid = i.indexrelid where c.relkind = 'i' and i.indrelid = any (${array([...new Set((object as Indexed).indexes.map(({ table }) => table))])}::oid[])`);
    return { size_bytes: found?.bytes ?? null };
  },
  settle: async (ask, object) => {
    const wanted = object.indexes.filter(({ excludes }) => !excludes);
    const now = await ask<{ schema: string; rel: string; identity: string; valid: boolean }>(sql`
      select n.nspname::text as schema, c.relname::text as rel, c.oid || ' ' || coalesce(pg_relation_filenode(c.oid), 0) as identity, i.indisvalid as valid
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace where i.indrelid = any (${array(wanted.map(({ table }) => table))}::oid[])`);
    const renewed = wanted.filter((one) => now.some((index) => index.schema === one.schema && index.rel === one.rel && index.valid && index.identity !== one.identity)).length;
    const mend = (await leftoversOn(ask, object.indexes.map(({ table }) => table))).map((one) => dropStep(one, `Drops ${one.rel}, which it left behind.`));
    return { state: renewed === wanted.length ? 'done' : renewed > 0 ? 'resumable' : 'undone', says: `${renewed} of ${wanted.length} indexes are new, the others are the old ones.`, mend };
  },
  stale: ['indexes', 'tables'],
});
