import { countingSince } from '@/lib/pg/counters';
import { sql, type SQL } from '@/lib/pg/sql';
import { busy, held, scanned, supporting, tree } from './catalog';

/** The row of pg_index is written when the index is made, and again when it becomes valid. */
const made = sql`case when current_setting('track_commit_timestamp')::bool then pg_xact_commit_timestamp(x.xmin) end`;

/** What a program or a person relies on, although nothing scans it. */
const needed = sql`case
            when b.constraints is not null then 'constraint ' || b.constraints
            when b.indisunique then 'enforces uniqueness'
            when b.indisreplident then 'replica identity of the table'
            when b.indisclustered then 'marked for CLUSTER'
            when b.supports is not null then 'supports foreign key ' || b.supports
            when not b.indisvalid then 'invalid: see Invalid'
          end`;

/** Why nothing follows from no scans yet. */
const unknown = (minAgeMs: number, minTableScans: number) => sql`case
            when b.since_at is null then 'since when scans are counted is not known'
            when clock_timestamp() - b.since_at < ${minAgeMs}::float8 * interval '1 ms' then 'counted since ' || to_char(b.since_at, 'YYYY-MM-DD HH24:MI') || ' UTC only'
            when clock_timestamp() - b.created_at < ${minAgeMs}::float8 * interval '1 ms' then 'made at ' || to_char(b.created_at, 'YYYY-MM-DD HH24:MI') || ' UTC only'
            when b.table_scans < ${minTableScans}::float8 then 'its table was scanned ' || b.table_scans || ' times only'
          end`;

/** Indexes without a scan, each with what speaks against a drop, strongest first. */
export const unusedSql = (minAgeMs: number, minTableScans: number, all: boolean): SQL => sql`
      select format('%I.%I', n.nspname, i.relname) as index, format('%I.%I', tn.nspname, t.relname) as "table",
        case when j.needed is not null then 'keep' when j.unknown is not null then 'not known yet' else 'unused' end as verdict,
        coalesce(j.needed, j.unknown, 'no scan, and nothing needs it') as reason,
        j.pages_bytes, j.writes, j.table_scans, j.parts::int as parts, i.relkind = 'I' as partitioned, j.expression,
        j.created_at, (select quote_ident(s.spcname) from pg_tablespace s where s.oid = i.reltablespace) as tablespace,
        i.oid::text as oid
      from (
        with recursive ${tree}, ${scanned}, ${held}, ${busy}, ${supporting}, bare as (
          select s.*, x.indrelid, x.indisunique, x.indisreplident, x.indisclustered, x.indisvalid, x.indexprs is not null as expression,
            held.constraints, supporting.supports, ${made} as created_at, since.since_at
          from scanned s cross join (select ${countingSince} as since_at) since join pg_index x on x.indexrelid = s.root left join held on held.conindid = s.root left join supporting on supporting.indexrelid = s.root
          where s.scans = 0
        )
        select b.*, ${needed} as needed, ${unknown(minAgeMs, minTableScans)} as unknown from bare b
      ) j join pg_class i on i.oid = j.root join pg_namespace n on n.oid = i.relnamespace
        join pg_class t on t.oid = j.indrelid join pg_namespace tn on tn.oid = t.relnamespace
      where ${all} or j.needed is null`;
