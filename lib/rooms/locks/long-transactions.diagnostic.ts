import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { actedOn, actedOnColumns, sessionActions, sessionRemedy, type ActedOn } from '@/lib/kit/session-columns';
import { ident, render, sql } from '@/lib/pg/sql';
import { formatCount, formatMs } from '@/lib/units';
import { client, own, shownText, since, statementText } from './sessions';

const hourMs = 3_600_000;

type Transaction = {
  pid: string; usr: string | null; datname: string | null; application: string | null; client: string | null; state: string; xact_ms: number; state_ms: number;
  wait: string | null; xmin_age: number | null; writes: boolean; locked_relations: number; own: boolean; query: string | null;
} & ActedOn;

export const longTransactions = diagnostic({
  name: 'long_transactions',
  title: 'Long and idle transactions',
  why: 'An open transaction keeps its locks, and its snapshot keeps vacuum from removing dead rows in every table of the database.',
  how: 'Client sessions of pg_stat_activity whose transaction is older than the first threshold, or that have been idle inside one for longer than the second. The snapshot’s age counts transactions that began since. Backups by pg_dump are long by nature.',
  permission: 'stats:read',
  params: { min_xact_ms: param.ms('Open at least (ms)', 600_000), min_idle_ms: param.ms('Idle at least (ms)', 60_000) },
  row: {
    pid: col.code('PID'),
    usr: col.maybe(col.code('Role')),
    datname: col.maybe(col.code('Database')),
    application: col.maybe(col.text('Application')),
    client: col.maybe(col.code('Client')),
    state: col.text('State'),
    xact_ms: col.ms('Open for'),
    state_ms: col.ms('In this state'),
    wait: col.maybe(col.text('Waits for')),
    xmin_age: col.maybe(col.count('Snapshot age', { note: 'Transactions that began since; unknown: it holds no snapshot at this moment' })),
    writes: col.flag('Has written'),
    locked_relations: col.count('Relations locked'),
    own: col.flag('This console'),
    ...actedOnColumns,
    query: col.maybe(col.sql('Last statement')),
  },
  key: ['pid'],
  search: ['pid', 'usr', 'datname', 'application', 'client', 'query'],
  sort: '-xact_ms',
  show: ['pid', 'usr', 'application', 'state', 'xact_ms', 'xmin_age', 'writes', 'query'],
  needs: [{ monitor: 'Without pg_monitor, the state and the times of other roles’ sessions are hidden.' }],
  charts: [],
  codes: {
    'locks.idle_in_transaction': 'A session has been idle inside a transaction for longer than the threshold.',
    'locks.long_transaction': 'A transaction has been open for longer than the threshold.',
  },
  actions: sessionActions('pid'),
  refreshSeconds: 10,
  source: 'facts',
  read: async (ask, { params }) => {
    const rows = await ask<Transaction>(sql`
      select a.pid::text as pid, a.usename::text as usr, a.datname::text as datname, nullif(a.application_name, '') as application, ${client} as client, a.state,
        ${since(sql`a.xact_start`)} as xact_ms, ${since(sql`a.state_change`)} as state_ms, a.wait_event_type || ': ' || a.wait_event as wait,
        age(a.backend_xmin) as xmin_age, a.backend_xid is not null as writes, 0 as locked_relations, ${own} as own, ${actedOn}, ${statementText} as query
      from pg_stat_activity a
      where a.backend_type = 'client backend' and a.pid <> pg_backend_pid() and a.xact_start is not null and a.state is not null
        and (clock_timestamp() - a.xact_start >= ${params.min_xact_ms}::float8 * interval '1 ms'
          or (a.state like 'idle in transaction%' and clock_timestamp() - a.state_change >= ${params.min_idle_ms}::float8 * interval '1 ms'))`);
    if (rows.length === 0) return [];
    const locked = await ask<{ pid: string; relations: number }>(sql`select l.pid::text as pid, count(distinct l.relation) as relations from pg_locks l where l.granted and l.locktype = 'relation' group by 1`);
    const relations = new Map(locked.map((one) => [one.pid, one.relations]));
    return rows.map((row) => ({ ...row, locked_relations: relations.get(row.pid) ?? 0, query: shownText(row.query) }));
  },
  findings: (rows, { params }) => rows.slice(0, 20).map((row) => (row.state.startsWith('idle in transaction') && row.state_ms >= params.min_idle_ms ? idle(row) : long(row))),
});

const holdsBack = ({ xmin_age: age }: { xmin_age: number | null }): string => (age === null ? '' : ` Vacuum keeps what ${formatCount(age)} later transactions have left dead.`);

function idle(row: Transaction): Finding {
  const limit = row.usr === null ? '' : ` From its next session on PostgreSQL does it by itself after ${render(sql`ALTER ROLE ${ident(row.usr)} SET idle_in_transaction_session_timeout = '5min'`).text};`;
  return {
    code: 'locks.idle_in_transaction',
    severity: row.state_ms >= hourMs ? 'critical' : 'warning',
    about: `pid ${row.pid}`,
    says: `${row.application ?? row.usr ?? 'A session'} has been idle in a transaction for ${formatMs(row.state_ms)} and keeps its locks on ${row.locked_relations} relations.${holdsBack(row)} Ending the session rolls its transaction back.${limit}`,
    evidence: { pid: row.pid, usr: row.usr, state_ms: row.state_ms, xact_ms: row.xact_ms, xmin_age: row.xmin_age, writes: row.writes },
    remedy: sessionRemedy(row.pid, row),
  };
}

function long(row: Transaction): Finding {
  return {
    code: 'locks.long_transaction',
    severity: row.xact_ms >= hourMs && row.application !== 'pg_dump' ? 'warning' : 'info',
    about: `pid ${row.pid}`,
    says: `A transaction of ${row.usr ?? 'an unknown role'} (${row.application ?? 'no application name'}) has been open for ${formatMs(row.xact_ms)}.${holdsBack(row)} Cancelling its statement makes the transaction fail.`,
    evidence: { pid: row.pid, usr: row.usr, state: row.state, xact_ms: row.xact_ms, xmin_age: row.xmin_age, writes: row.writes },
    remedy: sessionRemedy(row.pid, row),
  };
}
