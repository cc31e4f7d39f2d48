import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { hiddenPart } from '@/lib/kit/hidden';
import { param } from '@/lib/kit/param';
import { actedOn, actedOnColumns, sessionActions, type ActedOn } from '@/lib/kit/session-columns';
import { sql } from '@/lib/pg/sql';
import { client, hidden, own, shownText, since, statementText } from './sessions';

type Session = {
  pid: string; usr: string | null; datname: string | null; application: string | null; client: string | null; backend: string | null; state: string | null;
  wait: string | null; xact_ms: number | null; statement_ms: number | null; state_ms: number | null; connected_ms: number | null;
  xmin_age: number | null; leader_pid: string | null; query_id: string | null; own: boolean; query: string | null;
} & ActedOn;

export const activity = diagnostic({
  name: 'activity',
  title: 'Sessions',
  why: 'What the server does at this moment, for whom, and what it waits for.',
  how: 'From pg_stat_activity, at this moment. An idle session shows its last statement. PostgreSQL keeps track_activity_query_size bytes of a statement; literals that look like secrets are masked. The session that asks is left out.',
  permission: 'stats:read',
  params: {
    backends: param.choice('Backends', ['clients', 'all']),
    state: param.choice('State', ['any', 'active', 'waiting', 'in transaction', 'idle']),
    console: param.choice('This console', ['shown', 'hidden']),
  },
  row: {
    pid: col.code('PID'),
    usr: col.maybe(col.code('Role')),
    datname: col.maybe(col.code('Database')),
    application: col.maybe(col.text('Application')),
    client: col.maybe(col.code('Client')),
    backend: col.maybe(col.text('Backend', { note: 'Unknown: the session of another role, without pg_monitor' })),
    state: col.maybe(col.text('State')),
    wait: col.maybe(col.text('Waits for', { note: 'Type and wait event. None and active: it runs on a processor' })),
    xact_ms: col.maybe(col.ms('Transaction', { note: 'Since its transaction began' })),
    statement_ms: col.maybe(col.ms('Statement', { note: 'Since the statement that runs began' })),
    state_ms: col.maybe(col.ms('In this state')),
    connected_ms: col.maybe(col.ms('Connected')),
    xmin_age: col.maybe(col.count('Snapshot age', { note: 'Transactions that began since: what vacuum cannot remove yet' })),
    leader_pid: col.maybe(col.code('Leader', { note: 'The session that this parallel worker works for' })),
    query_id: col.maybe(col.code('Query id')),
    own: col.flag('This console'),
    ...actedOnColumns,
    query: col.maybe(col.sql('Statement text', { note: 'The last one, when idle. Unknown: hidden from this role' })),
  },
  page: { path: '/queries/statement', by: { queryid: 'query_id' } },
  key: ['pid'],
  search: ['pid', 'usr', 'datname', 'application', 'client', 'state', 'wait', 'query'],
  sort: '-xact_ms',
  show: ['pid', 'usr', 'application', 'state', 'wait', 'xact_ms', 'statement_ms', 'query'],
  needs: [],
  charts: [],
  codes: { 'locks.activity_hidden': 'The monitoring role sees neither the state nor the statement of other roles’ sessions.' },
  context: {
    row: {
      sessions: col.count('Client sessions'),
      active: col.count('Active'),
      waiting: col.count('Waiting for a lock'),
      in_transaction: col.count('Idle in transaction'),
      hidden: col.count('Hidden from us'),
    },
    sql: () => sql`
      select count(*) filter (where a.backend_type = 'client backend') as sessions,
        count(*) filter (where a.backend_type = 'client backend' and a.state = 'active') as active,
        count(*) filter (where a.wait_event_type = 'Lock') as waiting,
        count(*) filter (where a.state like 'idle in transaction%') as in_transaction,
        count(*) filter (where ${hidden}) as hidden
      from pg_stat_activity a where a.pid <> pg_backend_pid()`,
  },
  actions: sessionActions('pid'),
  refreshSeconds: 5,
  source: 'facts',
  read: async (ask, { params }) => {
    const rows = await ask<Session>(sql`
      select a.pid::text as pid, a.usename::text as usr, a.datname::text as datname, nullif(a.application_name, '') as application, ${client} as client,
        a.backend_type as backend, a.state, a.wait_event_type || ': ' || a.wait_event as wait, ${since(sql`a.xact_start`)} as xact_ms,
        case when a.state in ('active', 'fastpath function call') then ${since(sql`a.query_start`)} end as statement_ms,
        ${since(sql`a.state_change`)} as state_ms, ${since(sql`a.backend_start`)} as connected_ms, age(a.backend_xmin) as xmin_age,
        a.leader_pid::text as leader_pid, a.query_id::text as query_id, ${own} as own, ${actedOn}, ${statementText} as query
      from pg_stat_activity a
      where a.pid <> pg_backend_pid() and (${params.backends}::text = 'all' or a.backend_type = 'client backend' or ${hidden})`);
    return rows
      .filter((row) => isAskedFor(row, params.state) && (params.console === 'shown' || !row.own))
      .map((row) => ({ ...row, query: shownText(row.query) }));
  },
  findings: (_, { context, server }) => hiddenPart('locks.activity_hidden', context?.hidden ?? 0, 'sessions of other roles', server),
});

function isAskedFor({ state, wait }: Session, wanted: string): boolean {
  if (wanted === 'waiting') return state === 'active' && wait !== null && !/^(Activity|Client): /.test(wait);
  if (wanted === 'in transaction') return state?.startsWith('idle in transaction') ?? false;
  return wanted === 'any' || state === wanted;
}
