import { sql } from '@/lib/pg/sql';
import { blockSize, ownSchemas } from './catalog';

/** REINDEX CONCURRENTLY names its new and its old index after the one it replaces, cut so that the suffix and a number fit. */
const suffix = sql`substring(i.relname from '_cc(?:new|old)[0-9]*$')`;
const original = sql`(
          select format('%I.%I', n.nspname, o.relname) from pg_index y join pg_class o on o.oid = y.indexrelid
          where y.indrelid = x.indrelid and y.indexrelid <> x.indexrelid and y.indnatts = x.indnatts and y.indkey::text = x.indkey::text
            and starts_with(o.relname, regexp_replace(i.relname, '_cc(?:new|old)[0-9]*$', ''))
          order by length(o.relname) limit 1)`;

/** Work in progress: a build that reports on the index or, for REINDEX CONCURRENTLY, on its table; or a lock that only such work holds on an index. */
const working = sql`(
          select json_build_object('pid', p.pid, 'phase', p.phase, 'done', case when p.blocks_total > 0 then p.blocks_done::float8 / p.blocks_total end)
          from pg_stat_progress_create_index p
          where p.datname = current_database() and (p.index_relid = x.indexrelid or (p.relid = x.indrelid and p.command like 'REINDEX%'))
          limit 1)`;
const holder = sql`(
          select l.pid from pg_locks l
          where l.locktype = 'relation' and l.relation = x.indexrelid and l.database = (select oid from pg_database where datname = current_database())
            and l.mode in ('ShareUpdateExclusiveLock', 'ShareLock', 'AccessExclusiveLock') and l.pid is distinct from pg_backend_pid()
          limit 1)`;

/** Builds of other roles are seen with their index by members of pg_monitor only; the lock that a build holds on the table is seen by everybody. */
const hidden = sql`exists (
          select from pg_stat_progress_create_index p join pg_locks l on l.pid = p.pid and l.locktype = 'relation' and l.relation = x.indrelid
          where p.datname = current_database() and p.relid is null)`;

/** Partitions whose part of the index is missing or invalid, for an index of a partitioned table. */
const lacking = sql`(
          select count(*) from pg_inherits t join pg_class c on c.oid = t.inhrelid
          where t.inhparent = x.indrelid and c.relkind in ('r', 'p') and not exists (
            select from pg_inherits h join pg_index y on y.indexrelid = h.inhrelid
            where h.inhparent = x.indexrelid and y.indrelid = t.inhrelid and y.indisvalid))`;

export const invalidSql = () => sql`
      select format('%I.%I', b.nspname, b.relname) as index, format('%I.%I', tn.nspname, t.relname) as "table",
        case when b.work is not null or b.holder is not null then 'in progress' when b.hidden then 'not known' when b.relkind = 'I' then 'incomplete'
          when b.suffix like '\\_ccnew%' and b.original is not null then 'left by REINDEX (new)' when b.suffix like '\\_ccold%' and b.original is not null then 'left by REINDEX (old)'
          else 'failed build or drop' end as state,
        b.indisready and b.relkind = 'i' as maintained, b.original, coalesce((b.work->>'pid')::int, b.holder) as pid, b.work->>'phase' as phase, (b.work->>'done')::float8 as done_ratio,
        b.lacking::int as lacking, b.relispartition as attached, b.pages_bytes,
        b.indexrelid::text as oid
      from (
        select x.indexrelid, x.indrelid, x.indisready, x.indislive, i.relname, i.relnamespace, i.relkind, i.relispartition, greatest(i.relpages, 0)::float8 * ${blockSize} as pages_bytes,
          ${suffix} as suffix, case when ${suffix} is not null then ${original} end as original, ${working} as work, ${holder} as holder, ${hidden} as hidden,
          case when i.relkind = 'I' then ${lacking} end as lacking, n.nspname
        from pg_index x join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = i.relnamespace
        where not x.indisvalid and i.relpersistence <> 't' and ${ownSchemas}
      ) b join pg_class t on t.oid = b.indrelid join pg_namespace tn on tn.oid = t.relnamespace`;
