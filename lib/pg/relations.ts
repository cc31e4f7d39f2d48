import { sql, type SQL } from './sql';

/** Fragments over pg_class that several rooms use. In all of them `c` is pg_class and `n` its pg_namespace. */

/** Neither PostgreSQL's own schemas nor those of sessions' temporary tables: names that begin with `pg_` are reserved for both. */
export const ofPeople: SQL = sql`n.nspname <> 'information_schema' and n.nspname !~ '^pg_'`;

/** `schema.name`, quoted where PostgreSQL needs it: to be shown, and to be put into a statement. */
export const qualified: SQL = sql`format('%I.%I', n.nspname, c.relname)`;

/** The value of a storage option of the relation, as text; NULL where it has none of its own. */
export const relOption = (name: string): SQL => sql`(select o.option_value from pg_options_to_table(c.reloptions) o where o.option_name = ${name})`;

/**
 * Size functions open the relation, so they would wait behind an ACCESS EXCLUSIVE lock, and behind one that is itself waiting.
 * Those relations are left to what pg_class knows of them.
 */
export const lockedAway: SQL = sql`
  select l.relation from pg_locks l
  where l.mode = 'AccessExclusiveLock' and l.relation is not null and l.database = (select d.oid from pg_database d where d.datname = current_database())`;

/** Opening a relation costs a catalog entry in the backend: of ten thousand only the largest are, the rest keep the size of their last vacuum. */
const mostMeasured = 1000;

/**
 * `tab, heap_bytes, index_bytes, toast_bytes, measured` of the tables that `chosen` (a query of one column of OIDs) names. Sizes are those of the files with their
 * free space and visibility maps, as pg_total_relation_size counts; beyond the thousand largest files, and the thousand never vacuumed with most inserts, pages of pg_class.
 */
export const tableSizes = (chosen: SQL): SQL => sql`
  with picked as materialized (
    select t.oid, t.relpages, t.reltoastrelid, t.reltuples < 0 as fresh, t.relpersistence = 'u' as unlogged
    from pg_class t where t.relkind in ('r', 'm') and t.oid in (${chosen})
  ), file as materialized (
    select p.oid as tab, 'heap' as part, p.oid as rel, p.relpages, p.fresh, p.unlogged, p.reltoastrelid <> 0 as toasted from picked p
    union all
    select p.oid, 'index', x.oid, x.relpages, p.fresh, p.unlogged, false from picked p join pg_index i on i.indrelid = p.oid join pg_class x on x.oid = i.indexrelid and x.relkind = 'i'
    union all
    select p.oid, 'toast', t.oid, t.relpages, t.reltuples < 0, p.unlogged, false from picked p join pg_class t on t.oid = p.reltoastrelid
    union all
    select p.oid, 'toast', x.oid, x.relpages, t.reltuples < 0, p.unlogged, false
    from picked p join pg_class t on t.oid = p.reltoastrelid join pg_index i on i.indrelid = t.oid join pg_class x on x.oid = i.indexrelid
  ), opened as materialized (
    select rel from (select rel from file order by relpages desc, rel limit ${mostMeasured}) largest
    union
    select rel from (select f.rel from file f where f.fresh order by pg_stat_get_tuples_inserted(f.tab) desc, f.rel limit ${mostMeasured}) unknown
    except
    (${lockedAway})
  ), filled as (
    -- pg_table_size opens a relation once for all its forks; a heap with TOAST would be counted with it.
    select f.tab, f.part, o.rel is not null as measured, coalesce(case when o.rel is null then null when f.toasted
        then pg_relation_size(f.rel) + pg_relation_size(f.rel, 'fsm') + pg_relation_size(f.rel, 'vm') + case when f.unlogged then pg_relation_size(f.rel, 'init') else 0 end
        else pg_table_size(f.rel) end,
      f.relpages::bigint * current_setting('block_size')::bigint)::float8 as bytes
    from file f left join opened o on o.rel = f.rel
  )
  select tab, coalesce(sum(bytes) filter (where part = 'heap'), 0) as heap_bytes, coalesce(sum(bytes) filter (where part = 'index'), 0) as index_bytes,
    coalesce(sum(bytes) filter (where part = 'toast'), 0) as toast_bytes, bool_and(measured) as measured
  from filled group by tab`;
