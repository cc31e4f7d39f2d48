import { action, type Refusal, type Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { dropStep, leftoversOn } from '@/lib/kit/index-leftover';
import { param } from '@/lib/kit/param';
import { findRelation, relationGuards, standbyGuard, type RelationObject } from '@/lib/kit/relation-object';
import { array, ident, sql } from '@/lib/pg/sql';

type Index = { oid: string; schema: string; rel: string; table: string; identity: string; bytes: number; excludes: boolean; /** Of a TOAST table: whose, and whether the role may name it. */ toast_of: string | null; reachable: boolean };
type Indexed = RelationObject & { indexes: Index[]; /** Tables whose TOAST index the role may not name. */ closed: string[] };

/** Indexes of the table, or of all its partitions, with those of their TOAST tables, whose schema is closed to most roles; without what REINDEX has left behind. The smallest first. */
const indexesOf = (ask: Ask, { oid, kind, owned }: RelationObject, role: string): Promise<Index[]> => ask<Index>(sql`
  with part as (select relid::oid as oid from pg_partition_tree(${oid}::oid::regclass) where ${kind} = 'p' union all select ${oid}::oid where ${kind} <> 'p'),
    heap as (select oid, null::text as toast_of, true as reachable from part
      union all select c.reltoastrelid, format('%I.%I', n.nspname, c.relname), ${owned} and has_schema_privilege(${role}::name, 'pg_toast', 'USAGE') from pg_class c join pg_namespace n on n.oid = c.relnamespace join part on part.oid = c.oid where c.reltoastrelid <> 0)
  select c.oid::text as oid, n.nspname::text as schema, c.relname::text as rel, i.indrelid::text as "table", c.oid || ' ' || coalesce(pg_relation_filenode(c.oid), 0) as identity, pg_relation_size(c.oid)::float8 as bytes,
    i.indisexclusion as excludes, heap.toast_of, heap.reachable
  from heap join pg_index i on i.indrelid = heap.oid join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'i' and (i.indisvalid or c.relname !~ '_cc(new|old)[0-9]*$') order by 6, 2, 3`);

const excluding = ({ indexes }: Indexed): string => indexes.filter(({ excludes }) => excludes).map(({ rel }) => rel).join(', ');

function leftOut(object: Indexed, role: string): string {
  const left = excluding(object);
  const [one, ...more] = object.closed;
  return [
    ...(left ? [` Left out, because PostgreSQL rebuilds an exclusion constraint’s index under lock only: ${left}.`] : []),
    ...(one ? [` Left out, because ${role} may not name what is in the schema pg_toast: the index of the TOAST table of ${one}${more.length === 0 ? '' : `, and ${more.length} more`}. GRANT USAGE ON SCHEMA pg_toast TO ${role} lets it.`] : []),
  ].join('');
}

const stepsOf = (object: Indexed, role: string): Step[] => object.indexes.filter(({ excludes }) => !excludes).map(({ schema, rel, toast_of: of }, index) => ({
  sql: sql`REINDEX INDEX CONCURRENTLY ${ident(schema, rel)}`,
  note: `${of === null ? '' : `The index of the TOAST table of ${of}, where its long values lie. `}Builds a new index beside the old one, waits for older transactions, changes over and drops the old one.${index === 0 ? leftOut(object, role) : ''}`,
  lock: 'SHARE UPDATE EXCLUSIVE', waits: 'patient', awaits: { lock: 'ACCESS EXCLUSIVE', snapshots: true },
}));

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
    const all = await indexesOf(ask, relation, role);
    const indexes = all.filter(({ reachable }) => reachable);
    const closed = all.flatMap(({ reachable, toast_of: of }) => (reachable || of === null ? [] : [of]));
    return { ...relation, closed, also: indexes.flatMap(({ toast_of: of, table }) => (of === null ? [] : [table])), bytes: indexes.reduce((sum, { bytes }) => sum + bytes, 0), identity: `${relation.identity} ${indexes.map(({ identity }) => identity).join(' ')}`, indexes };
  },
  guards: (object, { role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'maintained'), ...nothing(object)],
  plan: (object, { role }) => stepsOf(object, role),
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
