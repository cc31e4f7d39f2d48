import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { actedOn, actedOnColumns, sessionActions, type ActedOn } from '@/lib/kit/session-columns';
import { sql } from '@/lib/pg/sql';
import { formatMs } from '@/lib/units';
import { oneLine, statementPage } from './statements';
import { saidBy, tagsIn } from './tags';

type Row = { pid: number; usr: string | null; app: string; state: string; running_ms: number; transaction_ms: number | null; wait: string | null; blocked_by: number; query: string; parallel: number; queryid: string | null } & ActedOn;

export const running = diagnostic({
  name: 'running',
  title: 'Running now',
  why: 'What the server is working on at this moment, and what it waits for.',
  how: 'From pg_stat_activity: sessions of this database whose statement is active, without this console’s own and without parallel workers, which count with their leader. Without pg_monitor the statements of other roles are hidden.',
  permission: 'stats:read',
  params: { min_ms: param.ms('Running for at least (ms)', 0), long_ms: param.ms('Long from (ms)', 60_000) },
  row: {
    pid: col.count('PID'),
    usr: col.maybe(col.code('Role')),
    app: col.code('Application'),
    state: col.text('State'),
    running_ms: col.ms('Running for'),
    transaction_ms: col.maybe(col.ms('In its transaction for')),
    wait: col.maybe(col.text('Waits for', { note: 'Empty: on a processor' })),
    blocked_by: col.count('Blocked by', { note: 'Sessions that hold what it waits for' }),
    parallel: col.count('Workers'),
    query: col.sql('Statement'),
    caller: col.maybe(col.text('Caller', { note: 'What the comment in the statement says of the application: route=… of this console, say' })),
    queryid: col.maybe(col.code('Query id', { note: 'Unknown while compute_query_id is off' })),
    ...actedOnColumns,
  },
  page: statementPage,
  key: ['pid'],
  search: ['usr', 'app', 'query', 'wait', 'caller'],
  sort: '-running_ms',
  show: ['query', 'pid', 'usr', 'caller', 'running_ms', 'wait', 'blocked_by', 'parallel'],
  needs: [{ monitor: 'Without pg_monitor only statements of the monitoring role’s own would be shown, as if nothing else ran.' }],
  charts: [],
  codes: { 'queries.long': 'A statement has been running for longer than the threshold.' },
  actions: sessionActions('pid'),
  refreshSeconds: 5,
  source: 'facts',
  // Texts hold the values that were sent: they are masked before they are searched, which SQL around them could not do.
  read: async (ask, { params }) => {
    const rows = await ask<Row>(sql`
      select a.pid, a.usename::text as usr, a.application_name as app, a.state, a.query, a.query_id::text as queryid, ${actedOn},
        (extract(epoch from clock_timestamp() - a.query_start) * 1000)::float8 as running_ms,
        (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as transaction_ms,
        a.wait_event_type || ': ' || a.wait_event as wait,
        case when a.wait_event_type = 'Lock' then cardinality(pg_blocking_pids(a.pid)) else 0 end as blocked_by,
        (select count(*) from pg_stat_activity w where w.leader_pid = a.pid and w.pid <> a.pid) as parallel
      from pg_stat_activity a
      where a.datname = current_database() and a.backend_type = 'client backend' and a.state in ('active', 'fastpath function call')
        and a.pid <> pg_backend_pid() and a.query not like '%/* riskdesk:%' and a.query_start is not null
        and clock_timestamp() - a.query_start >= ${params.min_ms} * interval '1 ms'`);
    return rows.map((row) => ({ ...row, caller: saidBy(tagsIn(row.query)) }));
  },
  findings: (rows, { params }) =>
    rows
      .filter((row) => row.running_ms >= Math.max(1, params.long_ms))
      .slice(0, 20)
      .map((row) => ({
        code: 'queries.long',
        severity: 'warning',
        about: `pid ${row.pid}`,
        says: `Has been running for ${formatMs(row.running_ms)} as ${row.usr ?? 'nobody'}${row.blocked_by > 0 ? `, blocked by ${row.blocked_by} ${row.blocked_by === 1 ? 'session' : 'sessions'}` : ''}: ${oneLine(row.query)}. Cancelling it undoes what its transaction has done so far.`,
        evidence: { pid: row.pid, running_ms: row.running_ms, transaction_ms: row.transaction_ms, wait: row.wait, blocked_by: row.blocked_by },
        remedy: row.started === null || row.xact === null || row.statement === null ? null : { action: 'locks.cancel', params: { pid: String(row.pid), started: row.started, xact: row.xact, statement: row.statement } },
      })),
});
