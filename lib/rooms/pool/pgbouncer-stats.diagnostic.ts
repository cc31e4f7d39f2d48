import { col } from '@/lib/kit/column';
import { diagnostic, type ShownRow } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { formatMs } from '@/lib/units';
import { figure, fromMicro, isConsole, words } from './shown';

export const pgbouncerStats = diagnostic({
  name: 'pgbouncer_stats',
  title: 'PgBouncer: traffic',
  why: 'Transactions, time and waiting by database, as PgBouncer counts them: the wait is what clients lose before PostgreSQL even hears of them.',
  how: 'From SHOW STATS. Averages are those of the last stats_period (60 s unless set); totals run since PgBouncer started. Columns that this version lacks are unknown.',
  permission: 'stats:read',
  params: { min_wait_ms: param.ms('A finding from a mean wait of (ms)', 10) },
  row: {
    datname: col.code('Database'),
    xacts_a_second: col.maybe(col.count('Transactions/s')),
    queries_a_second: col.maybe(col.count('Statements/s')),
    xact_mean_ms: col.maybe(col.ms('Mean transaction')),
    query_mean_ms: col.maybe(col.ms('Mean statement')),
    wait_mean_ms: col.maybe(col.ms('Mean wait', { note: 'For a server connection, each time that a client needed one; unknown before 1.23 below one transaction a second' })),
    received_bytes: col.maybe(col.bytes('Received/s')),
    sent_bytes: col.maybe(col.bytes('Sent/s')),
    xacts: col.maybe(col.count('Transactions')),
    queries: col.maybe(col.count('Statements')),
    xact_ms: col.maybe(col.ms('Time in transactions')),
    query_ms: col.maybe(col.ms('Time in statements')),
    wait_ms: col.maybe(col.ms('Time waited')),
    parses: col.maybe(col.count('Prepared by clients', { note: 'From 1.24' })),
    server_parses: col.maybe(col.count('Prepared on servers', { note: 'From 1.24' })),
    binds: col.maybe(col.count('Binds', { note: 'From 1.24' })),
  },
  key: ['datname'],
  search: ['datname'],
  sort: '-xacts_a_second',
  show: ['datname', 'xacts_a_second', 'queries_a_second', 'xact_mean_ms', 'query_mean_ms', 'wait_mean_ms', 'received_bytes', 'sent_bytes', 'xacts', 'wait_ms'],
  needs: [],
  charts: [],
  codes: { 'pool.pgbouncer_wait': 'Over the last period, clients of PgBouncer have waited for a server connection for longer than the threshold on average.' },
  refreshSeconds: 15,
  source: 'pgbouncer',
  read: async (show) =>
    (await show('STATS')).filter((row) => !isConsole(words(row, 'database'))).map((row) => ({
      datname: words(row, 'database') ?? '',
      xacts_a_second: figure(row, 'avg_xact_count'), queries_a_second: figure(row, 'avg_query_count'),
      xact_mean_ms: fromMicro(figure(row, 'avg_xact_time')), query_mean_ms: fromMicro(figure(row, 'avg_query_time')), wait_mean_ms: meanWaitMs(row),
      received_bytes: figure(row, 'avg_recv'), sent_bytes: figure(row, 'avg_sent'),
      xacts: figure(row, 'total_xact_count'), queries: figure(row, 'total_query_count'),
      xact_ms: fromMicro(figure(row, 'total_xact_time')), query_ms: fromMicro(figure(row, 'total_query_time')), wait_ms: fromMicro(figure(row, 'total_wait_time')),
      parses: figure(row, 'total_client_parse_count'), server_parses: figure(row, 'total_server_parse_count'), binds: figure(row, 'total_bind_count'),
    })),
  findings: (rows, { params }) =>
    rows.filter((row) => row.wait_mean_ms !== null && row.wait_mean_ms > 0 && row.wait_mean_ms >= params.min_wait_ms).map((row) => ({
      code: 'pool.pgbouncer_wait',
      severity: 'warning',
      about: row.datname,
      says: `Over the last period, clients have waited ${formatMs(row.wait_mean_ms ?? 0)} on average for a server connection, beside ${formatMs(row.query_mean_ms ?? 0)} for a statement.`,
      evidence: { wait_mean_ms: row.wait_mean_ms, query_mean_ms: row.query_mean_ms, xact_mean_ms: row.xact_mean_ms, wait_ms: row.wait_ms },
      remedy: null,
    })),
});

/** Until 1.22 this average is by second of the period, and from 1.23, with the count of assignments, by assignment; in transaction mode both come once a transaction. */
function meanWaitMs(row: ShownRow): number | null {
  const average = fromMicro(figure(row, 'avg_wait_time'));
  if (average === null || average === 0 || figure(row, 'avg_server_assignment_count') !== null) return average;
  const transactions = figure(row, 'avg_xact_count') ?? 0;
  return transactions === 0 ? null : average / transactions;
}
