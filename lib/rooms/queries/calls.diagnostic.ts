import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { sql } from '@/lib/pg/sql';
import { formatCount, formatRatio } from '@/lib/units';
import { columns, context, counted, oneLine, shared } from './statements';

const row = { ...columns, calls_ratio: col.maybe(col.ratio('Of all calls')) };

/** Fewer calls than this are a server at rest. */
const leastCalls = 100_000;

export const calls = diagnostic({
  ...shared,
  name: 'calls',
  title: 'By calls',
  why: 'Each call costs a way to the server and back, however cheap the statement: what is asked most may not have to be asked so often.',
  how: 'Calls since the counters began, from pg_stat_statements. The way over the network is not in any of these times.',
  params: {},
  row,
  sort: '-calls',
  show: ['query', 'usr', 'calls', 'calls_ratio', 'rows_per_call', 'mean_ms', 'total_ms'],
  charts: [{ kind: 'bars', title: 'Calls by statement', label: 'query', values: ['calls'], top: 10 }],
  codes: { 'queries.chatty': 'One statement is at least half of all calls.' },
  context,
  source: 'sql',
  sql: { 14: ({ server }) => counted(server, Object.keys(row), sql`s.calls > 0`) },
  findings: (rows) =>
    rows
      .filter((one) => one.toplevel && (one.calls_ratio ?? 0) >= 0.5 && one.calls >= leastCalls)
      .map((one) => ({
        code: 'queries.chatty',
        severity: 'info',
        about: oneLine(one.query),
        says: `Is ${formatRatio(one.calls_ratio ?? 0)} of all calls: ${formatCount(one.calls)} by ${one.usr}.`,
        evidence: { queryid: one.queryid, calls: one.calls, calls_ratio: one.calls_ratio, mean_ms: one.mean_ms, rows_per_call: one.rows_per_call },
        remedy: null,
      })),
});
