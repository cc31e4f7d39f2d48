import type { Ask } from '@/lib/kit/diagnostic';
import { sql } from '@/lib/pg/sql';
import { keepsWaiting, preparedLocks } from '@/lib/kit/prepared-locks';
import { actedOn } from '@/lib/kit/session-columns';
import { own, since, statementText } from './sessions';

/** A session that waits, with the lock that it waits for. */
export type Waiting = {
  pid: string; blockers: number[]; locktype: string; mode: string; waiting_ms: number | null; relation: string | null;
  /** Prepared transactions that hold what it waits for. */
  prepared: string[] | null;
};

export type Session = {
  pid: string; usr: string | null; datname: string | null; application: string | null; backend: string | null; state: string | null;
  xact_ms: number | null; state_ms: number | null; own: boolean; started: string | null; xact: string | null; statement: string | null; query: string | null;
};

export type PreparedTransaction = { gid: string; usr: string | null; datname: string | null; xact_ms: number };

/**
 * pg_blocking_pids stops the lock manager for a moment, so it is asked once for each session that waits and not at all while none
 * does. A row lock is waited for as the other transaction's end: the relation is then the one whose row the waiting session has
 * queued for. One reading of pg_locks serves for everything, because two would not agree.
 */
export const waitingSessions = (ask: Ask): Promise<Waiting[]> => ask<Waiting>(sql`
  with l as materialized (select * from pg_locks),
    w as materialized (select distinct on (pid) * from l where not granted and pid is not null order by pid, waitstart nulls last)
  select w.pid::text as pid, pg_blocking_pids(w.pid) as blockers, w.locktype, w.mode, ${since(sql`w.waitstart`)} as waiting_ms,
    coalesce(
      (select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.oid = coalesce(w.relation, q.relation) and coalesce(w.database, q.database) in (0, (select oid from pg_database where datname = current_database()))),
      'relation ' || coalesce(w.relation, q.relation)) as relation,
    (select array_agg(distinct h.gid) from ${preparedLocks(sql`l`)} h where ${keepsWaiting(sql`h`, sql`w`)}) as prepared
  from w left join lateral (select t.relation, t.database from l t where t.pid = w.pid and t.granted and t.locktype = 'tuple' and w.locktype = 'transactionid' limit 1) q on true`);

export async function sessionsOf(ask: Ask, pids: string[]): Promise<Map<string, Session>> {
  const rows = await ask<Session>(sql`
    select a.pid::text as pid, a.usename::text as usr, a.datname::text as datname, nullif(a.application_name, '') as application, a.backend_type as backend, a.state,
      ${since(sql`a.xact_start`)} as xact_ms, ${since(sql`a.state_change`)} as state_ms, ${own} as own, ${actedOn}, ${statementText} as query
    from pg_stat_activity a where a.pid::text in ${pids}`);
  return new Map(rows.map((row) => [row.pid, row]));
}

export async function preparedOf(ask: Ask, gids: string[]): Promise<Map<string, PreparedTransaction>> {
  const rows = await ask<PreparedTransaction>(sql`
    select p.gid, p.owner::text as usr, p.database::text as datname, ${since(sql`p.prepared`)} as xact_ms from pg_prepared_xacts p where p.gid in ${gids}`);
  return new Map(rows.map((row) => [row.gid, row]));
}
