import { sql } from '@/lib/pg/sql';
import { blockSize, busy, finds, narrows, ownSchemas } from './catalog';

/** The columns of a foreign key, quoted and in its order. */
const columns = sql`(
          select string_agg(quote_ident(a.attname), ', ' order by u.at)
          from unnest(r.conkey) with ordinality u(att, at) join pg_attribute a on a.attrelid = r.conrelid and a.attnum = u.att)`;

/** An index that finds the rows among others. */
const narrowing = sql`(select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = m.narrowing)`;

/** Changes of the referenced table, with its partitions. */
const changes = sql`
      select p.root, sum(pg_stat_get_tuples_deleted(p.oid))::float8 as deletes, sum(pg_stat_get_tuples_updated(p.oid))::float8 as updates,
        sum(case when c.relkind = 'r' then greatest(c.reltuples, 0) end)::float8 as tuples
      from part p join pg_class c on c.oid = p.oid group by p.root`;

/**
 * Foreign keys as they were declared; what a partitioned table made of them for its partitions is looked at there. Temporal keys (PERIOD) need
 * GiST and keys that are not enforced check nothing: both are left out. The columns that tell so are there from PostgreSQL 18.
 */
export const missingFkSql = () => sql`
      with recursive ${busy}, fk(root, oid) as (
        select f.oid, f.oid from pg_constraint f join pg_namespace n on n.oid = f.connamespace join pg_class t on t.oid = f.conrelid
        where f.contype = 'f' and f.conparentid = 0 and t.relpersistence <> 't' and ${ownSchemas}
          and coalesce((to_jsonb(f)->>'conenforced')::bool, true) and not coalesce((to_jsonb(f)->>'conperiod')::bool, false)
        union all
        select fk.root, f.oid from fk join pg_constraint f on f.conparentid = fk.oid
      ), checked as (
        select distinct on (fk.root, f.conrelid) fk.root, f.conrelid, c.reltuples, c.relpages, led.has, led.narrowing
        from fk join pg_constraint f on f.oid = fk.oid join pg_class c on c.oid = f.conrelid and c.relkind = 'r' cross join lateral (
          select coalesce(bool_or(${finds}), false) as has, min(x.indexrelid) as narrowing from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am am on am.oid = i.relam
          where x.indrelid = f.conrelid and ${narrows}) led
        order by fk.root, f.conrelid, f.oid
      ), missing as (
        select root, count(*) as tables, count(*) filter (where not has) as without, count(*) filter (where not has and narrowing is not null) as narrowed, min(narrowing) filter (where not has) as narrowing,
          sum(greatest(relpages, 0))::float8 * ${blockSize} as pages_bytes,
          sum(greatest(reltuples, 0))::float8 as tuples, bool_or(reltuples < 0) as unknown
        from checked group by root having not bool_and(has)
      ), part(root, oid) as (
        select distinct r.confrelid, r.confrelid from missing m join pg_constraint r on r.oid = m.root
        union all
        select part.root, h.inhrelid from part join pg_class p on p.oid = part.oid and p.relkind = 'p' join pg_inherits h on h.inhparent = part.oid
      ), changed as (${changes})
      select quote_ident(r.conname) as "constraint", format('%I.%I', n.nspname, t.relname) as "table", ${columns} as columns,
        format('%I.%I', pn.nspname, p.relname) as referenced,
        case r.confdeltype when 'c' then 'cascade' when 'n' then 'set null' when 'd' then 'set default' when 'r' then 'restrict' else 'no action' end as on_delete,
        m.pages_bytes, case when m.unknown then null else m.tuples end as tuples, ch.deletes, ch.updates, m.without::int as without, m.narrowed::int as narrowed, ${narrowing} as narrowing, m.tables::int as tables,
        t.relkind = 'p' as partitioned, r.oid::text as oid
      from missing m join pg_constraint r on r.oid = m.root join pg_class t on t.oid = r.conrelid join pg_namespace n on n.oid = t.relnamespace
        join pg_class p on p.oid = r.confrelid join pg_namespace pn on pn.oid = p.relnamespace left join changed ch on ch.root = r.confrelid`;
