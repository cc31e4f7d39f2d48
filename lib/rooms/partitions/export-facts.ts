import type { Ask } from '@/lib/kit/diagnostic';
import type { KeptExport } from '@/lib/kit/export';
import { findRelation } from '@/lib/kit/relation-object';
import { constraintDefinition, storageClause } from '@/lib/pg/index-facts';
import { array, sql, type SQL } from '@/lib/pg/sql';
import { archiveOf, findArchives } from './archives';
import { isOf, type Archive, type Exported, type Leaving } from './export-plan';
import { tablesOf, written, type Table } from './family';
import { bound, columnsOf } from './tree-sql';

type Looking = { partition: string; role: string; major: number; free_bytes: number | null; /** Exports of before, where one of them is to serve. */ kept: KeptExport[] };

/** By this comment an archive is known as one of a table: `createArchives` writes it. */
const archiveComment = 'Archive of ';

const parentOf = (oid: string): SQL => sql`
  select p.oid::text as oid, n.nspname::text as schema, p.relname::text as rel, coalesce(starts_with(obj_description(p.oid, 'pg_class'), ${archiveComment}), false) and not i.inhdetachpending as is_archive, coalesce(${bound(sql`c`)}, '') as bound,
    (select json_build_object('oid', l.oid::text, 'schema', n.nspname, 'rel', l.relname, 'name', format('%I.%I', n.nspname, l.relname)) from pg_class l where l.relnamespace = n.oid and l.relkind = 'p' and obj_description(p.oid, 'pg_class') = ${archiveComment} || n.nspname || '.' || l.relname) as live
  from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent join pg_namespace n on n.oid = p.relnamespace where i.inhrelid = ${oid}::oid`;

type Parent = Archive & { live: { oid: string; schema: string; rel: string; name: string } | null };

const constraints = (types: string, of: SQL): SQL => sql`(select coalesce(json_agg(${of} order by k.contype, k.conname), '[]') from pg_constraint k where k.conrelid = c.oid and position(k.contype in ${types}) > 0 and k.conparentid = 0)`;
const added = sql`format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname, k.conname, ${constraintDefinition(sql`k`, false)})`;
/** Those that a partition has of its parent too: the table has to stand by itself. */
const ownConstraints = sql`(select coalesce(json_agg(${added} order by k.contype, k.conname), '[]') from pg_constraint k where k.conrelid = c.oid and k.contype in ('c', 'p', 'u', 'x'))`;

const columnText = sql`format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attcollation <> t.typcollation then ' COLLATE ' || a.attcollation::regcollation end,
  case when a.attidentity <> '' then format(' GENERATED %s AS IDENTITY', case a.attidentity when 'a' then 'ALWAYS' else 'BY DEFAULT' end)
    when a.attgenerated <> '' then format(' GENERATED ALWAYS AS (%s) %s', pg_get_expr(d.adbin, d.adrelid), case a.attgenerated when 's' then 'STORED' else 'VIRTUAL' end)
    when d.adbin is not null then ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) end, case when a.attnotnull then ' NOT NULL' end)`;

type Facts = Omit<Leaving, keyof Table | 'ddl' | 'ties'> & { oid: string; made: string; constraints: string[]; indexes: string[]; fks: string[]; triggers: string[]; grants: string[]; owns: string };

const facts = (oids: string[], role: string): SQL => sql`
  select c.oid::text as oid, coalesce(pg_relation_filenode(c.oid), 0)::text as filenode, pg_table_size(c.oid)::float8 as bytes, pg_total_relation_size(c.oid)::float8 as total_bytes, c.relpersistence::text as persistence, has_table_privilege(${role}::name, c.oid, 'SELECT') as readable, ${columnsOf(sql`c.oid`)} as shape,
    (select format('CREATE %sTABLE %I.%I (%s)%s', case when c.relpersistence = 'u' then 'UNLOGGED ' end, n.nspname, c.relname, string_agg(${columnText}, ', ' order by a.attnum), ${storageClause(sql`c.reloptions`)})
      from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as made,
    ${ownConstraints} as constraints, ${constraints('f', added)} as fks, ${constraints('f', sql`k.conname`)} as keys,
    (select coalesce(json_agg(pg_get_indexdef(i.indexrelid) order by i.indexrelid), '[]') from pg_index i where i.indrelid = c.oid and i.indisvalid and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = c.oid)) as indexes,
    (select coalesce(json_agg(pg_get_triggerdef(t.oid) order by t.tgname), '[]') from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers,
    (select coalesce(json_agg(format('GRANT %s ON %I.%I TO %s', g.privilege_type, n.nspname, c.relname, case when g.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(g.grantee)) end) order by g.grantee, g.privilege_type), '[]') from aclexplode(c.relacl) g where g.grantee <> c.relowner) as grants,
    format('ALTER TABLE %I.%I OWNER TO %I', n.nspname, c.relname, pg_get_userbyid(c.relowner)) as owns,
    (select min(k.conrelid::regclass::text) from pg_constraint k where k.confrelid = c.oid and k.contype = 'f' and k.conrelid <> c.oid) as referring,
    (select min(r.ev_class::regclass::text) from pg_depend d join pg_rewrite r on r.oid = d.objid where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and r.ev_class <> c.oid) as views
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = any (${array(oids)}::oid[])`;

/** A partition of an archive goes with those of the same month of the tables that referred to it. */
async function month(ask: Ask, parent: Parent | null, role: string): Promise<{ oids: string[]; beside: string[] }> {
  const family = parent?.is_archive && parent.live ? await findArchives(ask, parent.live.name, role) : null;
  if (!parent || family?.main.archive?.oid !== parent.oid) return { oids: [], beside: [] };
  const archives = family.others.flatMap(({ archive }) => (archive ? [archive] : []));
  return {
    oids: archives.flatMap(({ parts }) => parts.filter((part) => part.bound === parent.bound && part.kind === 'r').map(({ oid }) => oid)),
    beside: archives.filter(({ kind, parts }) => kind === 'r' || !parts.some((part) => part.bound === parent.bound)).filter(({ kind }) => kind === 'r').map((archive) => written(archive)),
  };
}

async function leaving(ask: Ask, oids: string[], role: string): Promise<Leaving[]> {
  const tables = await tablesOf(ask, oids, role);
  const found = await ask<Facts>(facts(oids, role));
  const attached = await ask<{ oid: string; sql: string }>(sql`
    select c.oid::text as oid, format('ALTER TABLE %I.%I ATTACH PARTITION %I.%I %s', pn.nspname, p.relname, n.nspname, c.relname, ${bound(sql`c`)}) as sql from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_class p on p.oid = i.inhparent join pg_namespace pn on pn.oid = p.relnamespace where c.relispartition and c.oid = any (${array(oids)}::oid[])`);
  return oids.flatMap((oid): Leaving[] => {
    const [table, of] = [tables.get(oid), found.find((one) => one.oid === oid)];
    if (!table || !of) return [];
    const { made, constraints: own, indexes, fks, triggers, grants, owns, ...rest } = of;
    return [{ ...table, ...rest, ddl: [made, ...own, ...indexes], ties: [...attached.filter((one) => one.oid === oid).map((one) => one.sql), ...fks, ...triggers, owns, ...grants] }];
  });
}

/** A table that is to be exported, with those that go with it. */
export async function findExported(ask: Ask, { partition, role, major, free_bytes, kept }: Looking): Promise<Exported | null> {
  const relation = await findRelation(ask, partition, 'rp', role, major);
  if (!relation) return null;
  // Names and definitions are to be written out whole.
  await ask(sql`select set_config('search_path', '', true)`);
  const [parent = null] = await ask<Parent>(parentOf(relation.oid));
  const { oids, beside } = await month(ask, parent, role);
  const tables = await leaving(ask, [relation.oid, ...oids], role);
  const [place] = await ask<{ alike: boolean; database: string }>(sql`
    select current_database()::text as database, exists (select from pg_partitioned_table p where ${columnsOf(sql`p.partrelid`)} = ${columnsOf(sql`${relation.oid}::oid`)}) as alike`);
  const top = parent?.live && archiveOf(parent.live).rel === parent.rel ? parent.live.oid : relation.oid;
  const [earlier = null] = kept.filter((one) => isOf(one, tables, place?.database ?? '')).toSorted((a, b) => b.made_at.localeCompare(a.made_at));
  return {
    name: relation.name, key: `relation ${top}`, identity: JSON.stringify([earlier?.id, tables.map(({ oid, filenode, ddl }) => [oid, filenode, ddl])]), table: relation.oid, bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
    tables, parent, alike: place?.alike ?? false, beside, database: place?.database ?? '', free_bytes, earlier,
  };
}
