import { sql, type SQL } from '@/lib/pg/sql';
import { blockSize, tree } from './catalog';

/** Each look into pg_stats checks rights by the catalog caches: twenty thousand of them take half a second. */
const looked = sql`
        join pg_class t on t.oid = r.indrelid join pg_namespace n on n.oid = t.relnamespace join pg_attribute a on a.attrelid = r.indrelid and a.attnum = r.num
        left join lateral (
          select p.null_frac from pg_stats p where p.schemaname = n.nspname and p.tablename = t.relname and p.attname = a.attname and not p.inherited limit 1
        ) s on true`;

/**
 * B-trees that could be partial indexes, with the share of NULLs in their first key; a tree is only as well known as its leaves. First the largest leaves are looked
 * at, a quarter more entries than may be not NULL: a tree of which more are not than may be, whatever its other leaves hold, is out. Of the others every leaf counts.
 */
export const nullKeysSql = (minNull: number, minBytes: number): SQL => sql`
      select format('%I.%I', n.nspname, i.relname) as index, format('%I.%I', tn.nspname, t.relname) as "table", quote_ident(a.attname) as "column", h.null_ratio, h.entries,
        h.pages_bytes, floor(h.null_ratio * h.entries * 6) as least_bytes, x.indisunique as "unique", i.relkind = 'I' as partitioned,
        (select quote_ident(s.spcname) from pg_tablespace s where s.oid = i.reltablespace) as tablespace, i.oid::text as oid
      from (
      with recursive ${tree}, leaf as materialized (
        select tree.root, x.indrelid, x.indkey[0] as num, greatest(i.relpages, 0)::float8 * ${blockSize} as pages_bytes, i.reltuples::float8 as entries
        from tree join pg_class i on i.oid = tree.leaf and i.relkind = 'i' and i.relam = (select am.oid from pg_am am where am.amname = 'btree') join pg_index x on x.indexrelid = tree.leaf
        where x.indkey[0] <> 0 and x.indpred is null and not x.indisprimary and not x.indisexclusion and x.indisvalid
          and not (x.indisunique and coalesce((to_jsonb(x)->>'indnullsnotdistinct')::bool, false))
      ), whole as materialized (
        select root, sum(pages_bytes) as pages_bytes, sum(greatest(entries, 0)) as total, bool_or(entries < 0) as unknown
        from leaf group by root having sum(pages_bytes) >= ${minBytes}::float8 and root not in (select k.conindid from pg_constraint k)
      ), ranked as materialized (
        select l.root, l.indrelid, l.num, l.entries, w.total, coalesce(sum(l.entries) over (partition by l.root order by l.entries desc, l.indrelid rows between unbounded preceding and 1 preceding), 0) as larger
        from whole w join leaf l on l.root = w.root where not w.unknown and l.entries > 0
      ), first as materialized (
        select r.root, r.indrelid, r.entries, a.attnotnull, s.null_frac from ranked r ${looked} where r.larger <= 1.25 * (1 - ${minNull}::float8) * r.total
      ), alive as materialized (
        select w.root from whole w where not w.unknown
        except
        select f.root from first f join whole w on w.root = f.root group by f.root, w.total
        having bool_or(f.attnotnull) or coalesce(sum(f.entries * (1 - f.null_frac)), 0) > (1 - ${minNull}::float8) * w.total
      ), every as materialized (
        select f.root, f.entries, f.attnotnull, f.null_frac from first f where f.root in (select root from alive)
        union all
        select r.root, r.entries, a.attnotnull, s.null_frac from ranked r ${looked} where r.root in (select root from alive) and r.larger > 1.25 * (1 - ${minNull}::float8) * r.total
      )
        select w.root, w.pages_bytes, case when not w.unknown and e.known is distinct from false then w.total end as entries,
          case when not w.unknown and e.known then e.nulls / nullif(w.total, 0) end as null_ratio
        from whole w left join (
          select root, bool_and(null_frac is not null) as known, sum(entries * null_frac) as nulls, bool_or(attnotnull) as never from every group by root
        ) e on e.root = w.root
        where (w.unknown or w.root in (select root from alive)) and e.never is not true
          and not (w.unknown and exists (select from leaf l join pg_attribute b on b.attrelid = l.indrelid and b.attnum = l.num where l.root = w.root and b.attnotnull))
      ) h join pg_class i on i.oid = h.root join pg_namespace n on n.oid = i.relnamespace join pg_index x on x.indexrelid = h.root
        join pg_class t on t.oid = x.indrelid join pg_namespace tn on tn.oid = t.relnamespace join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
      where (h.null_ratio is null or h.null_ratio >= ${minNull}::float8)`;
