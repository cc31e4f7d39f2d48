import { sql, type SQL } from '@/lib/pg/sql';

/** `kind, name, age, scope, held_ms, database, usr, application, state, query, started` of all that keeps old rows from being removed. A running vacuum keeps none, nor does whoever asks. */
export const holders: SQL = sql`
  select case when a.backend_type = 'walsender' then 'standby' else 'session' end as kind, case when a.backend_type = 'walsender' then coalesce(nullif(a.application_name, ''), a.pid::text) else a.pid::text end as name,
    greatest(age(a.backend_xmin), age(a.backend_xid))::float8 as age,
    case when a.backend_type = 'walsender' then 'all databases' when a.datname is distinct from current_database() then 'another database' else 'this database' end as scope,
    extract(epoch from clock_timestamp() - a.xact_start)::float8 * 1000 as held_ms, a.datname::text as database, a.usename::text as usr, a.application_name as application, a.state,
    regexp_replace(a.query, '(\\mpassword\\s+)(e?''.*)$', '\\1''…''', 'is') as query, a.backend_start::text as started
  from pg_stat_activity a
  where (a.backend_xmin is not null or a.backend_xid is not null) and a.pid <> pg_backend_pid() and a.backend_type <> 'parallel worker'
    and not exists (select from pg_stat_progress_vacuum p where p.pid = a.pid)
  union all
  select 'prepared transaction', x.gid, age(x.transaction)::float8, case when x.database = current_database() then 'this database' else 'another database' end,
    extract(epoch from clock_timestamp() - x.prepared)::float8 * 1000, x.database::text, x.owner::text, null, 'prepared', null, x.prepared::text
  from pg_prepared_xacts x
  union all
  select 'slot', s.slot_name::text, age(s.xmin)::float8, 'all databases', null, s.database::text, null, s.plugin::text, case when s.active then 'active' else 'inactive' end, null, null
  from pg_replication_slots s where s.xmin is not null
  union all
  select 'slot (catalogs)', s.slot_name::text, age(s.catalog_xmin)::float8, 'system catalogs', null, s.database::text, null, s.plugin::text, case when s.active then 'active' else 'inactive' end, null, null
  from pg_replication_slots s where s.catalog_xmin is not null`;
