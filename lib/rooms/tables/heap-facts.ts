import type { Ask, ServerFacts } from '@/lib/kit/diagnostic';
import { lockedAway, ofPeople, qualified, relOption } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';
import type { StoredColumn } from './heap-estimate';

/** A table with what an estimate of its heap rests on. */
export type HeapFacts = {
  tab: string;
  pages: number;
  counted_pages: number;
  page_bytes: number;
  row_estimate: number | null;
  fill_factor: number;
  attributes: number;
  has_dropped: boolean;
  may_read: boolean;
  columns: (StoredColumn & { known: boolean })[];
  sampled: boolean;
  /** What the counters make of the rows by now. */
  live: number;
  /** Rows inserted, updated or deleted since. */
  changed: number;
  /** The last of vacuum and analyze; neither known after the counters were lost. */
  last: 'vacuum' | 'analyze' | null;
  last_at: string | null;
};

/** Below this an estimate is noise. */
const leastPages = 64;
const mostTables = 500;

/** Rows that came and went since the last vacuum or analyze, as the counters have them; a standby's count only its own reads. */
const since = (server: ServerFacts): SQL => (server.inRecovery
  ? sql`0::float8 as live, 0::float8 as changed, null::text as last, null::timestamptz as last_at`
  : sql`pg_stat_get_live_tuples(c.oid)::float8 as live,
      case when a.at is null or v.at > a.at then pg_stat_get_ins_since_vacuum(c.oid) + pg_stat_get_dead_tuples(c.oid) else pg_stat_get_mod_since_analyze(c.oid) end::float8 as changed,
      case when v.at is null and a.at is null then null when a.at is null or v.at > a.at then 'vacuum' else 'analyze' end as last, greatest(v.at, a.at) as last_at`);

const statement = (server: ServerFacts): SQL => sql`
  with away as materialized (${lockedAway}),
  big as materialized (
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_am m on m.oid = c.relam
    where c.relkind in ('r', 'm') and m.amname = 'heap' and ${ofPeople} and (c.relpages >= ${leastPages} or c.reltuples < 0)
    order by c.relpages desc, pg_stat_get_tuples_inserted(c.oid) desc limit ${mostTables}
  )
  select ${qualified} as tab, s.pages, c.relpages as counted_pages, current_setting('block_size')::int as page_bytes,
    case when c.reltuples >= 0 then c.reltuples::float8 end as row_estimate,
    coalesce(${relOption('fillfactor')}::int, 100) as fill_factor, c.relnatts::int as attributes, w.has_dropped, w.may_read, w.columns,
    c.relpages > 300 * current_setting('default_statistics_target')::int as sampled, ${since(server)}
  from big join pg_class c on c.oid = big.oid join pg_namespace n on n.oid = c.relnamespace
  cross join lateral (select coalesce(case when c.oid not in (select relation from away) then pg_relation_size(c.oid) end / current_setting('block_size')::int, c.relpages)::float8 as pages) s
  cross join lateral (select greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) as at) v
  cross join lateral (select greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) as at) a
  cross join lateral (
    select bool_or(t.attisdropped) as has_dropped, bool_and(t.attisdropped or has_column_privilege(c.oid, t.attnum, 'select')) as may_read,
      coalesce(json_agg(json_build_object('len', t.attlen, 'align', case t.attalign when 'd' then 8 when 'i' then 4 when 's' then 2 else 1 end,
        'null_ratio', coalesce(p.null_frac, 0), 'width', coalesce(p.avg_width, 0), 'known', p.attname is not null, 'added', t.atthasmissing) order by t.attnum)
        filter (where not t.attisdropped and (to_jsonb(t)->>'attgenerated') is distinct from 'v'), '[]') as columns
    from pg_attribute t
    left join pg_stats p on p.schemaname = n.nspname and p.tablename = c.relname and p.attname = t.attname and not p.inherited
    where t.attrelid = c.oid and t.attnum > 0
  ) w
  where s.pages >= ${leastPages}`;

/** How many there are, and of how many the column statistics are hidden in part. */
export const heapsWhole: SQL = sql`
  select count(*) as big, count(*) filter (where not coalesce(has_table_privilege(c.oid, 'select'), false) and exists (
    select from pg_attribute t where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped and not has_column_privilege(c.oid, t.attnum, 'select'))) as hidden
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_am m on m.oid = c.relam
  where c.relkind in ('r', 'm') and m.amname = 'heap' and ${ofPeople} and c.relpages >= ${leastPages}`;

/** The tables worth an estimate: the five hundred with most pages, and those never counted. */
export const readHeaps = (ask: Ask, server: ServerFacts): Promise<HeapFacts[]> => ask<HeapFacts>(statement(server));
