import { sql, type SQL } from '@/lib/pg/sql';

/**
 * `kind, name, age, inherits, scope, held_ms, database, usr, application, state, query, started` of all that keeps old rows from being removed. A running vacuum keeps none, nor does whoever asks.
 * A snapshot is as old as the oldest transaction that wrote while it was taken, of any database: it inherits that one's age, unless it was there before. Ending it changes nothing.
 */
export const holders: SQL = sql`
  with holding as materialized (
    select case when a.backend_type = 'walsender' then 'standby' else 'session' end as kind, case when a.backend_type = 'walsender' then coalesce(nullif(a.application_name, ''), a.pid::text) else a.pid::text end as name,
      a.backend_xmin as xmin, a.backend_xid as xid, a.xact_start as began,
      case when a.backend_type = 'walsender' then 'all databases' when a.datname is distinct from current_database() then 'another database' else 'this database' end as scope,
      a.datname::text as database, a.usename::text as usr, a.application_name as application, a.state,
      regexp_replace(a.query, '(\\mpassword\\s+)(e?''.*)$', '\\1''…''', 'is') as query, a.backend_start::text as started
    from pg_stat_activity a
    where (a.backend_xmin is not null or a.backend_xid is not null) and a.pid <> pg_backend_pid() and a.backend_type <> 'parallel worker'
      and not exists (select from pg_stat_progress_vacuum p where p.pid = a.pid)
    union all
    select 'prepared transaction', x.gid, null, x.transaction, x.prepared, case when x.database = current_database() then 'this database' else 'another database' end,
      x.database::text, x.owner::text, null, 'prepared', null, x.prepared::text
    from pg_prepared_xacts x
    union all
    select 'slot', s.slot_name::text, s.xmin, null, null, 'all databases', s.database::text, null, s.plugin::text, case when s.active then 'active' else 'inactive' end, null, null
    from pg_replication_slots s where s.xmin is not null
    union all
    select 'slot (catalogs)', s.slot_name::text, s.catalog_xmin, null, null, 'system catalogs', s.database::text, null, s.plugin::text, case when s.active then 'active' else 'inactive' end, null, null
    from pg_replication_slots s where s.catalog_xmin is not null
  ), inheriting as materialized (
    select h.*, greatest(age(h.xmin), age(h.xid))::float8 as age,
      h.xid is distinct from h.xmin and exists (select from holding o where o.xid = h.xmin and coalesce(o.began <= h.began, true)) as inherits
    from holding h
  )
  select h.kind, h.name, h.age, h.inherits,
    case when h.scope = 'another database' and exists (select from inheriting i where i.inherits and i.xmin = h.xid and i.scope in ('this database', 'all databases'))
      then 'another database, and in this one by snapshots taken since' else h.scope end as scope,
    extract(epoch from clock_timestamp() - h.began)::float8 * 1000 as held_ms, h.database, h.usr, h.application, h.state, h.query, h.started
  from inheriting h`;

/** Does a row of theirs hold back the tables of this database? */
export const holdsHere: SQL = sql`scope not in ('another database', 'system catalogs')`;
