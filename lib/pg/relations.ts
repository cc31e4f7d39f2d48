import { sql, type SQL } from './sql';

/** Fragments over pg_class that several rooms use. In all of them `c` is pg_class and `n` its pg_namespace. */

/** Neither PostgreSQL's own schemas nor those of sessions' temporary tables: names that begin with `pg_` are reserved for both. */
export const ofPeople: SQL = sql`n.nspname <> 'information_schema' and n.nspname !~ '^pg_'`;

/** `schema.name`, quoted where PostgreSQL needs it: to be shown, and to be put into a statement. */
export const qualified: SQL = sql`format('%I.%I', n.nspname, c.relname)`;

/** The value of a storage option of the relation, as text; NULL where it has none of its own. */
export const relOption = (name: string): SQL => sql`(case when c.reloptions is not null then (select o.option_value from pg_options_to_table(c.reloptions) o where o.option_name = ${name}) end)`;

/**
 * `wholes(whole, oid)`, a recursive query: what is partitioned, with all that is under it, by the topmost table; what pg_partition_root says, asked for all at once. A partition
 * that is being detached is a whole of its own, and in here only where it is partitioned itself.
 */
export const wholes: SQL = sql`wholes(whole, oid) as (
        select c.oid, c.oid from pg_class c where c.relkind = 'p' and not exists (select from pg_inherits i where i.inhrelid = c.oid and not i.inhdetachpending)
        union all
        select wholes.whole, i.inhrelid from wholes join pg_inherits i on i.inhparent = wholes.oid and not i.inhdetachpending
      )`;

/** Locks that one question may take at most: what is full of them refuses everybody. */
export const lockBudget: SQL = sql`(current_setting('max_locks_per_transaction')::bigint * current_setting('max_connections')::bigint / 8)`;

/**
 * Size functions open the relation, so they would wait behind an ACCESS EXCLUSIVE lock, and behind one that is itself waiting.
 * Those relations are left to what pg_class knows of them.
 */
export const lockedAway: SQL = sql`
  select l.relation from pg_locks l
  where l.mode = 'AccessExclusiveLock' and l.relation is not null and l.database = (select d.oid from pg_database d where d.datname = current_database())`;

/** Opening a relation costs a catalog entry in the backend: of ten thousand only the largest are, the rest keep the size of their last vacuum. */
const mostMeasured = 1000;

const blockSize = sql`current_setting('block_size')::float8`;

/**
 * `tab, reltuples, heap_bytes, index_bytes, toast_bytes, measured, fetched, hit` of the tables that `chosen` (a query of one column of OIDs, of other relations too) names. Sizes are those of the
 * files with their free space and visibility maps, as pg_total_relation_size counts; beyond the thousand largest files, and the thousand never vacuumed with most inserts, pages of pg_class.
 * `blocks`: the blocks that were fetched of all of them and found in the buffer cache, else NULL. `few`: so few tables are named that their indexes are better looked up one by one than all
 * read; nobody else can tell the planner.
 */
export const tableSizes = (chosen: SQL, { blocks = false, few = false }: { blocks?: boolean; few?: boolean } = {}): SQL => {
  const counted = (rel: SQL) => (blocks ? sql`pg_stat_get_blocks_fetched(${rel}) as fetched, pg_stat_get_blocks_hit(${rel}) as hit` : sql`null::bigint as fetched, null::bigint as hit`);
  const fetched = blocks ? sql`sum(pg_stat_get_blocks_fetched(x.oid)), sum(pg_stat_get_blocks_hit(x.oid))` : sql`null::bigint, null::bigint`;
  // What few tables name is not joined to them again: the planner takes few for one, and would compare each with each.
  const [indexes, own, fresh] = few
    ? [sql`picked p join pg_index i on i.indrelid = p.oid`, sql`pages x`, sql`x.fresh`]
    : [sql`pg_index i cross join (select null::bool as fresh) p`, sql`pages x join picked p on p.oid = x.tab`, sql`p.fresh`];
  return sql`
  with picked as materialized (
    select t.oid, t.relpages, t.reltuples, t.reltoastrelid, t.reltuples < 0 as fresh, t.reltoastrelid <> 0 as toasted, t.relpersistence = 'u' as unlogged
    from pg_class t where t.relkind in ('r', 'm') and t.oid in (${chosen})
  ), pages as materialized (
    select i.indrelid as tab, x.oid, x.relpages, p.fresh from ${indexes} join pg_class x on x.oid = i.indexrelid and x.relkind = 'i'
  ), toast as materialized (
    select p.oid as tab, t.oid, t.relpages, t.reltuples < 0 as fresh from picked p join pg_class t on t.oid = p.reltoastrelid
    union all
    select p.oid, x.oid, x.relpages, t.reltuples < 0 from picked p join pg_class t on t.oid = p.reltoastrelid join pg_index i on i.indrelid = t.oid join pg_class x on x.oid = i.indexrelid
  ), opened as (
    (select * from (
      (select p.oid as tab, 1 as part, p.oid as rel, p.relpages, p.toasted, p.unlogged from picked p order by 4 desc, 3 limit ${mostMeasured})
      union all
      (select x.tab, 2, x.oid, x.relpages, false, false from ${own} order by 4 desc, 3 limit ${mostMeasured})
      union all
      (select t.tab, 3, t.oid, t.relpages, false, false from toast t order by 4 desc, 3 limit ${mostMeasured})
    ) f order by relpages desc, rel limit ${mostMeasured})
    union
    (select * from (
      select p.oid, 1, p.oid, p.relpages, p.toasted, p.unlogged from picked p where p.fresh
      union all
      select x.tab, 2, x.oid, x.relpages, false, false from ${own} where ${fresh}
      union all
      select t.tab, 3, t.oid, t.relpages, false, false from toast t where t.fresh
    ) f(tab, part, rel, relpages) order by pg_stat_get_tuples_inserted(tab) desc, rel limit ${mostMeasured})
  ), exact as (
    -- pg_table_size opens a relation once for all its forks; a heap with TOAST would be counted with it.
    select o.tab, o.part, coalesce(case when o.toasted
        then pg_relation_size(o.rel) + pg_relation_size(o.rel, 'fsm') + pg_relation_size(o.rel, 'vm') + case when o.unlogged then pg_relation_size(o.rel, 'init') else 0 end
        else pg_table_size(o.rel) end - o.relpages * ${blockSize}, 0) as more
    from opened o where o.rel not in (${lockedAway})
  ), counted as (
    select p.oid as tab, p.reltuples, p.relpages * ${blockSize} as heap, null::float8 as indexes, null::float8 as toast, 1 as files, null::int as opened, ${counted(sql`p.oid`)} from picked p
    union all
    select x.tab, null, null, sum(x.relpages) * ${blockSize}, null, count(*)::int, null, ${fetched} from pages x group by x.tab
    union all
    select x.tab, null, null, null, sum(x.relpages) * ${blockSize}, count(*), null, ${fetched} from toast x group by x.tab
    union all
    select tab, null, sum(more) filter (where part = 1), sum(more) filter (where part = 2), sum(more) filter (where part = 3), null, count(*)::int, null, null from exact group by tab
  )
  select c.tab, max(c.reltuples) as reltuples, sum(c.heap) as heap_bytes, coalesce(sum(c.indexes), 0) as index_bytes, coalesce(sum(c.toast), 0) as toast_bytes,
    sum(c.files) = coalesce(sum(c.opened), 0) as measured, sum(c.fetched) as fetched, sum(c.hit) as hit
  from counted c group by c.tab having max(c.reltuples) is not null`;
};
