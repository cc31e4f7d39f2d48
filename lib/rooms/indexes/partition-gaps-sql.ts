import { sql } from '@/lib/pg/sql';
import { ownSchemas } from './catalog';

/**
 * What makes two indexes of different partitions the same, by names and not by numbers: a partition can have its columns in another order. Expressions
 * and predicates are compared as stored trees without their positions in the text, which reads no definition and takes no lock.
 */
const likeness = sql`concat_ws(' ', case when x.indisunique then 'unique' end, am.amname, x.indnkeyatts,
            (select string_agg(concat_ws(' ', coalesce(quote_ident(a.attname), '(expression)'), case when at < x.indnkeyatts then x.indclass[at]::text || ' ' || x.indcollation[at] || ' ' || x.indoption[at] end), ', ' order by at)
              from generate_series(0, x.indnatts - 1) at left join pg_attribute a on x.indkey[at] <> 0 and a.attrelid = x.indrelid and a.attnum = x.indkey[at]),
            regexp_replace(x.indexprs::text, ' :location -?[0-9]+', '', 'g'), regexp_replace(x.indpred::text, ' :location -?[0-9]+', '', 'g'))`;

/** Key columns as a person reads them. */
const keys = sql`(select string_agg(coalesce(quote_ident(a.attname), '(expression)'), ', ' order by at)
            from generate_series(0, x.indnkeyatts - 1) at left join pg_attribute a on x.indkey[at] <> 0 and a.attrelid = x.indrelid and a.attnum = x.indkey[at])`;

/**
 * Two ways in which partitions differ: indexes made on partitions that are part of nothing, on some and not on all; and an index of the partitioned
 * table that lacks its part on some. Partitions in other databases (foreign tables) have no indexes here and do not count.
 */
export const partitionGapsSql = () => sql`
      with recursive part(top, oid) as (
        select c.oid, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'p' and not c.relispartition and c.relpersistence <> 't' and ${ownSchemas}
        union all
        select part.top, h.inhrelid from part join pg_class p on p.oid = part.oid and p.relkind = 'p' join pg_inherits h on h.inhparent = part.oid
      ), leaf as (
        select part.top, part.oid, format('%I.%I', n.nspname, c.relname) as name
        from part join pg_class c on c.oid = part.oid and c.relkind = 'r' join pg_namespace n on n.oid = c.relnamespace
      ), loose_table as (
        select distinct leaf.top from leaf join pg_index x on x.indrelid = leaf.oid join pg_class i on i.oid = x.indexrelid and not i.relispartition
      ), own as (
        select leaf.top, leaf.oid, leaf.name, x.indexrelid, i.relispartition, ${likeness} as likeness, ${keys} as keys, am.amname::text as method, x.indisunique
        from loose_table join leaf using (top) join pg_index x on x.indrelid = leaf.oid and x.indisvalid join pg_class i on i.oid = x.indexrelid join pg_am am on am.oid = i.relam
      ), alike as (
        select top, likeness, count(distinct oid) as having_it, min(keys) as keys, min(method) as method, bool_or(indisunique) as "unique", min(indexrelid) filter (where not relispartition) as example
        from own group by top, likeness having bool_or(not relispartition)
      ), whole(root, oid) as (
        select x.indexrelid, x.indexrelid from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = i.relnamespace
        where i.relkind = 'I' and not i.relispartition and not t.relispartition and not x.indisvalid and ${ownSchemas}
        union all
        select whole.root, h.inhrelid from whole join pg_inherits h on h.inhparent = whole.oid
      ), attached as (
        select whole.root, x.indrelid from whole join pg_index x on x.indexrelid = whole.oid and x.indisvalid join pg_class i on i.oid = whole.oid and i.relkind = 'i'
      ), gap as (
        select a.top, null::oid as root, a.example, a.keys, a.method, a."unique", a.having_it, (select string_agg(l.name, ', ' order by l.name) from (
            select leaf.name from leaf where leaf.top = a.top and not exists (select from own where own.oid = leaf.oid and own.likeness = a.likeness) order by leaf.name limit 5) l) as without
        from alike a
        union all
        select x.indrelid, w.root, w.root, ${keys}, am.amname::text, x.indisunique, (select count(*) from attached where attached.root = w.root),
          (select string_agg(l.name, ', ' order by l.name) from (
            select leaf.name from leaf where leaf.top = x.indrelid and not exists (select from attached where attached.root = w.root and attached.indrelid = leaf.oid) order by leaf.name limit 5) l)
        from (select distinct root from whole) w join pg_index x on x.indexrelid = w.root join pg_class i on i.oid = w.root join pg_am am on am.oid = i.relam
      )
      select format('%I.%I', tn.nspname, t.relname) as "table", g.keys, g.method, g."unique", case when g.root is null then 'on some partitions' else 'invalid on the parent' end as kind,
        format('%I.%I', n.nspname, i.relname) as index, g.having_it::int as having_it, (select count(*) from leaf where leaf.top = g.top)::int as parts, g.without, i.oid::text as oid
      from gap g join pg_class t on t.oid = g.top join pg_namespace tn on tn.oid = t.relnamespace join pg_class i on i.oid = g.example join pg_namespace n on n.oid = i.relnamespace
      where g.root is not null or g.having_it < (select count(*) from leaf where leaf.top = g.top)`;
