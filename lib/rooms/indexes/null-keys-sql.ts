import { sql, type SQL } from '@/lib/pg/sql';
import { blockSize, tree } from './catalog';

/** Leaves of every tree that could be a partial index, with the share of NULLs in their first key; a tree is only as well known as its leaves. */
export const nullKeysSql = (minNull: number, minBytes: number): SQL => sql`
      select format('%I.%I', n.nspname, i.relname) as index, format('%I.%I', tn.nspname, t.relname) as "table", quote_ident(h.attname) as "column", h.null_ratio, h.entries,
        h.pages_bytes, floor(h.null_ratio * h.entries * 6) as least_bytes, x.indisunique as "unique", i.relkind = 'I' as partitioned,
        (select quote_ident(s.spcname) from pg_tablespace s where s.oid = i.reltablespace) as tablespace, i.oid::text as oid
      from (
      with recursive ${tree}, leaf as (
        select tree.root, x.indrelid, t.relname as tab, n.nspname, a.attname, a.attnotnull, greatest(i.relpages, 0)::float8 * ${blockSize} as pages_bytes, i.reltuples::float8 as entries
        from tree join pg_class i on i.oid = tree.leaf and i.relkind = 'i' join pg_index x on x.indexrelid = tree.leaf join pg_class t on t.oid = x.indrelid
          join pg_namespace n on n.oid = t.relnamespace join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
          join pg_am am on am.oid = i.relam and am.amname = 'btree'
        where x.indkey[0] <> 0 and x.indpred is null and not x.indisprimary and not x.indisexclusion and x.indisvalid
          and not coalesce((to_jsonb(x)->>'indnullsnotdistinct')::bool, false)
      ), large as (
        select root from leaf group by root having sum(pages_bytes) >= ${minBytes}::float8 and not bool_or(attnotnull)
          and root not in (select k.conindid from pg_constraint k)
      )
        select l.root, sum(l.pages_bytes) as pages_bytes, min(l.attname::text) as attname,
          case when bool_and(l.entries = 0 or (l.entries > 0 and s.null_frac is not null)) then sum(greatest(l.entries, 0)) end as entries,
          case when bool_and(l.entries = 0 or (l.entries > 0 and s.null_frac is not null)) then sum(l.entries * coalesce(s.null_frac, 0)) / nullif(sum(l.entries), 0) end as null_ratio
        from large join leaf l using (root) left join pg_stats s on not s.inherited and s.schemaname = l.nspname and s.tablename = l.tab and s.attname = l.attname
        group by l.root
      ) h join pg_class i on i.oid = h.root join pg_namespace n on n.oid = i.relnamespace join pg_index x on x.indexrelid = h.root
        join pg_class t on t.oid = x.indrelid join pg_namespace tn on tn.oid = t.relnamespace
      where (h.null_ratio is null or h.null_ratio >= ${minNull}::float8)`;
