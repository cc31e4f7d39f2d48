import { sql, type SQL } from '@/lib/pg/sql';
import { ownSchemas } from './catalog';

/** A stored tree without its positions in the text, and with names for the numbers of columns. */
const named = (tree: SQL) => sql`(select string_agg(coalesce(quote_ident(a.attname) || substring(cut.piece from '^\\d+(.*)'), cut.piece), ' ' order by cut.at)
              from regexp_split_to_table(${tree}::text, ' :location -?[0-9]+|:varattno(?:syn)? ') with ordinality cut(piece, at)
                left join pg_attribute a on cut.at > 1 and a.attrelid = x.indrelid and a.attnum = substring(cut.piece from '^\\d+')::int2)`;

/**
 * What makes two indexes of different partitions the same, by names and not by numbers: a partition can have its columns in another order. Expressions
 * and predicates are compared as stored trees, which reads no definition and takes no lock.
 */
const likeness = sql`concat_ws(' ', case when x.indisunique then 'unique' end, i.relam, x.indnkeyatts,
            (select string_agg(concat_ws(' ', coalesce(quote_ident(a.attname), '(expression)'), case when at < x.indnkeyatts then x.indclass[at]::text || ' ' || x.indcollation[at] || ' ' || x.indoption[at] end), ', ' order by at)
              from generate_series(0, x.indnatts - 1) at left join pg_attribute a on x.indkey[at] <> 0 and a.attrelid = x.indrelid and a.attnum = x.indkey[at]),
            case when x.indexprs is not null then ${named(sql`x.indexprs`)} end, case when x.indpred is not null then ${named(sql`x.indpred`)} end)`;

/** What like ones have in common that can be told at a glance: of twenty thousand indexes few are looked at closely. */
const glance = sql`concat_ws(' ', x.indisunique, i.relam, x.indnatts, x.indnkeyatts, x.indclass, x.indcollation, x.indoption, x.indexprs is null, x.indpred is null)`;

/** Key columns as a person reads them. */
const keys = sql`(select string_agg(coalesce(quote_ident(a.attname), '(expression)'), ', ' order by at)
            from generate_series(0, x.indnkeyatts - 1) at left join pg_attribute a on x.indkey[at] <> 0 and a.attrelid = x.indrelid and a.attnum = x.indkey[at])`;

const firstKey = sql`(select a.attname from pg_attribute a where x.indkey[0] <> 0 and a.attrelid = x.indrelid and a.attnum = x.indkey[0])`;

/** The first five of a list of partitions. */
const five = (without: ReturnType<typeof sql>) => sql`(select string_agg(l.name, ', ' order by l.name) from (
            select format('%I.%I', n.nspname, c.relname) as name from (${without}) w(oid) join pg_class c on c.oid = w.oid join pg_namespace n on n.oid = c.relnamespace order by name limit 5) l)`;

/**
 * Two ways in which partitions differ: indexes made on partitions that are part of nothing, on some and not on all; and an index of the partitioned
 * table that lacks its part on some. Partitions in other databases (foreign tables) have no indexes here and do not count.
 */
export const partitionGapsSql = () => sql`
      with recursive part(top, oid) as (
        select c.oid, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'p' and not c.relispartition and c.relpersistence <> 't' and ${ownSchemas}
        union all
        select part.top, h.inhrelid from part join pg_inherits h on h.inhparent = part.oid
      ), leaf as materialized (
        select part.top, part.oid from part join pg_class c on c.oid = part.oid and c.relkind = 'r'
      ), leaves as materialized (
        select leaf.top, count(*) as parts from leaf group by leaf.top
      ), loose as materialized (
        select leaf.top, leaf.oid, x.indexrelid, ${glance} as glance, ${firstKey} as first_key, ${likeness} as likeness
        from pg_index x join pg_class i on i.oid = x.indexrelid and i.relkind = 'i' and not i.relispartition join leaf on leaf.oid = x.indrelid where x.indisvalid
      ), seen as materialized (
        select distinct loose.top, loose.glance, loose.first_key from loose
      ), own as materialized (
        select leaf.top, leaf.oid, x.indexrelid, i.relispartition, ${likeness} as likeness
        from leaf join pg_index x on x.indrelid = leaf.oid and x.indisvalid join pg_class i on i.oid = x.indexrelid
          join seen on seen.top = leaf.top and seen.glance = ${glance} and seen.first_key is not distinct from ${firstKey}
      ), alike as (
        select top, likeness, count(distinct oid) as having_it, min(indexrelid) filter (where not relispartition) as example
        from own group by top, likeness having bool_or(not relispartition)
      ), whole(root, oid) as (
        select x.indexrelid, x.indexrelid from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = i.relnamespace
        where i.relkind = 'I' and not i.relispartition and not t.relispartition and not x.indisvalid and ${ownSchemas}
        union all
        select whole.root, h.inhrelid from whole join pg_inherits h on h.inhparent = whole.oid
      ), attached as materialized (
        select whole.root, x.indrelid from whole join pg_index x on x.indexrelid = whole.oid and x.indisvalid join pg_class i on i.oid = whole.oid and i.relkind = 'i'
      ), gap as (
        select a.top, null::oid as root, a.example, a.having_it, leaves.parts, ${five(sql`select leaf.oid from leaf where leaf.top = a.top except select own.oid from own where own.top = a.top and own.likeness = a.likeness`)} as without
        from alike a join leaves on leaves.top = a.top where a.having_it < leaves.parts
        union all
        select x.indrelid, w.root, w.root, (select count(*) from attached where attached.root = w.root), coalesce(leaves.parts, 0),
          ${five(sql`select leaf.oid from leaf where leaf.top = x.indrelid except select attached.indrelid from attached where attached.root = w.root`)}
        from (select distinct root from whole) w join pg_index x on x.indexrelid = w.root left join leaves on leaves.top = x.indrelid
      )
      select format('%I.%I', tn.nspname, t.relname) as "table", ${keys} as keys, am.amname::text as method, x.indisunique as "unique",
        case when g.root is null then 'on some partitions' else 'invalid on the parent' end as kind,
        format('%I.%I', n.nspname, i.relname) as index, g.having_it::int as having_it, g.parts::int as parts, g.without, i.oid::text as oid
      from gap g join pg_class t on t.oid = g.top join pg_namespace tn on tn.oid = t.relnamespace join pg_class i on i.oid = g.example join pg_namespace n on n.oid = i.relnamespace
        join pg_index x on x.indexrelid = g.example join pg_am am on am.oid = i.relam`;
