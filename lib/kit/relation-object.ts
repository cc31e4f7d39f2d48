import { lockedAway } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';
import type { ActionObject, Refusal } from './action';
import type { Ask } from './diagnostic';

/** A table, index or materialized view that an action works on. */
export type RelationObject = ActionObject & {
  oid: string;
  /** pg_class.relkind */
  kind: string;
  persistence: string;
  schema: string;
  rel: string;
  table_name: string;
  owned: boolean;
  /** May REINDEX it; from PostgreSQL 17 also without owning it. */
  maintained: boolean;
  /** May VACUUM and ANALYZE it, as who owns the database may too. */
  vacuumed: boolean;
  system: boolean;
};

const bare = (column: SQL): SQL => sql`(${column})::text`;

/**
 * The relation of this name, written as SQL writes it, of one of these kinds (pg_class.relkind). An index goes by its table: one job a
 * table, and the table's locks.
 */
export async function findRelation(ask: Ask, name: string, kinds: string, role: string, major: number): Promise<RelationObject | null> {
  const maintain = major >= 17 ? sql`or has_table_privilege(${role}::name, t.oid, 'MAINTAIN')` : sql``;
  const [found] = await ask<RelationObject>(sql`
    select format('%I.%I', n.nspname, c.relname) as name, 'relation ' || t.oid as key, ${bare(sql`c.oid`)} || ' ' || coalesce(pg_relation_filenode(c.oid), 0) as identity, ${bare(sql`t.oid`)} as "table",
      case when c.relkind = 'p' then (select coalesce(sum(pg_total_relation_size(relid)), 0) from pg_partition_tree(c.oid)) when files.locked then files.pages_bytes else pg_total_relation_size(c.oid) end::float8 as bytes, ${bare(sql`c.oid`)} as oid, c.relkind::text as kind, c.relpersistence::text as persistence, n.nspname::text as schema, c.relname::text as rel,
      format('%I.%I', tn.nspname, t.relname) as table_name, pg_has_role(${role}::name, t.relowner, 'USAGE') as owned,
      (pg_has_role(${role}::name, t.relowner, 'USAGE') ${maintain}) as maintained,
      (pg_has_role(${role}::name, t.relowner, 'USAGE') or pg_has_role(${role}::name, (select datdba from pg_database where datname = current_database()), 'USAGE') ${maintain}) as vacuumed,
      n.nspname in ('pg_catalog', 'information_schema', 'pg_toast') as system
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join pg_index i on i.indexrelid = c.oid join pg_class t on t.oid = coalesce(i.indrelid, c.oid) join pg_namespace tn on tn.oid = t.relnamespace
      -- A preview that waits for whoever is in the way could not name them: what is locked away is as large as its last vacuum found.
      cross join lateral (
        select bool_or(f.oid in (${lockedAway})) as locked, sum(greatest(f.relpages, 0))::float8 * current_setting('block_size')::float8 as pages_bytes
        from pg_class f where f.oid in (c.oid, c.reltoastrelid) or f.oid in (select x.indexrelid from pg_index x where x.indrelid in (c.oid, c.reltoastrelid))
      ) files
    where c.oid = to_regclass(${name}) and position(c.relkind in ${kinds}) > 0`);
  return found ?? null;
}

/** What speaks against any maintenance of a relation by this role. */
export function relationGuards(object: RelationObject, role: string, needs: 'owned' | 'maintained' | 'vacuumed'): Refusal[] {
  const refusals: Refusal[] = [];
  if (object.persistence === 't') refusals.push({ name: 'temporary', says: 'It is another session’s temporary table.', saferWay: null });
  if (object.system) refusals.push({ name: 'system', says: 'It belongs to PostgreSQL itself.', saferWay: null });
  if (!object[needs]) refusals.push({ name: 'privilege', says: `${role} ${needs === 'owned' ? 'does not own' : 'may not maintain'} ${object.table_name}: PostgreSQL would refuse it, or skip it with a warning.`, saferWay: needs === 'owned' ? `Make ${role} a member of the owner, or use the owner’s own role.` : `Make ${role} a member of the owner; from PostgreSQL 17: GRANT MAINTAIN ON ${object.table_name} TO ${role}.` });
  return refusals;
}

export const standbyGuard = (inRecovery: boolean): Refusal[] => (inRecovery ? [{ name: 'standby', says: 'The target is a standby: nothing can be changed there.', saferWay: 'Do it on the primary; it arrives here by replication.' }] : []);
