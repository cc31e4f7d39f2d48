import type { Ask, ServerFacts } from '@/lib/kit/diagnostic';
import { schemasIn, searchPathOf, statements } from '@/lib/kit/captured';
import { sql } from '@/lib/pg/sql';

/** A captured statement: all that ran under one id, whoever ran it. */
export type Captured = { queryid: string; query: string; calls: number; total_ms: number; /** Of all captured statements of the database. */ share_ratio: number; /** As of the role that spent most time with it. */ searchPath: string[] };

type Row = Omit<Captured, 'searchPath'> & { role: string; path: string | null };

/** What has no plan, by its first word; the parser decides about the rest. */
const utility = '^\\s*(create|alter|drop|vacuum|analyze|begin|commit|rollback|set|show|copy|explain|grant|revoke|prepare|deallocate|discard|lock|truncate|refresh|reindex|cluster|checkpoint|listen|notify|call|do|declare|fetch|close|savepoint|release|start|end|reset|comment|execute|import|load|move|unlisten|abort)\\M';

/** The statements of this database in order of their total time, or one. */
export async function capturedStatements(ask: Ask, server: ServerFacts, { queryid, most }: { queryid: string; most: number }): Promise<Captured[]> {
  const rows = await ask<Row>(sql`
      with counted as (
        select s.* from ${statements(server, 'pg_stat_statements')} s where s.dbid = (select oid from pg_database where datname = current_database()) and s.queryid is not null
      ), grouped as (
        select s.queryid, (array_agg(s.query order by s.total_exec_time desc))[1] as query, (array_agg(s.userid order by s.total_exec_time desc))[1] as userid,
          sum(s.calls)::float8 as calls, sum(s.total_exec_time) as total_ms
        from counted s where s.query is not null and s.query not like '%/* riskdesk:%' and s.query !~* ${utility} group by s.queryid
      )
      select g.queryid::text as queryid, g.query, g.calls, g.total_ms, g.total_ms / nullif((select sum(total_exec_time) from counted), 0) as share_ratio, pg_get_userbyid(g.userid)::text as role,
        ${searchPathOf(sql`g.userid`)} as path
      from grouped g where ${queryid} in ('', g.queryid::text) order by g.total_ms desc, g.queryid limit ${most}`);
  return rows.map(({ role, path, share_ratio: share, ...row }) => ({ ...row, share_ratio: share ?? 0, searchPath: schemasIn(path, role) }));
}
