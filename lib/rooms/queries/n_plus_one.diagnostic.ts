import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatCount, formatMs } from '@/lib/units';
import { columns, context, counted, oneLine, shared } from './statements';

export const n_plus_one = diagnostic({
  ...shared,
  name: 'n_plus_one',
  title: 'One by one',
  why: 'Rows that are fetched one at a time in a loop cost a way to the server for each; asked for together they cost one.',
  how: 'A suspicion, not a proof: SELECT statements of one shape, called very often, each quick and for about one row. A lookup by key that users cause one by one looks the same. Only who calls it can tell.',
  params: { min_calls: param.count('Calls at least', 10_000) },
  row: columns,
  sort: '-calls',
  show: ['query', 'usr', 'calls', 'rows_per_call', 'mean_ms', 'total_ms', 'share_ratio'],
  charts: [],
  codes: { 'queries.n_plus_one': 'A lookup of one row is called so often that it may run in a loop.' },
  context,
  source: 'sql',
  sql: {
    14: ({ params, server }) => counted(server, Object.keys(columns), sql`
      s.toplevel and s.calls >= ${params.min_calls} and s.rows between s.calls * 0.5 and s.calls * 1.5 and s.mean_exec_time < 5
      and s.query ~* '^\\s*(/\\*.*?\\*/\\s*)*(select|with)\\M' and s.query ~* '\\mfrom\\M' and s.query ~* '\\mwhere\\M.*\\$[0-9]' and s.query !~* '\\m(count|sum|min|max|avg|exists)\\s*\\('`),
  },
  findings: (rows) =>
    rows.slice(0, 10).map((row) => ({
      code: 'queries.n_plus_one',
      severity: 'info',
      about: oneLine(row.query),
      says: `A suspicion: ${formatCount(row.calls)} calls by ${row.usr} for about one row each, ${formatMs(row.mean_ms)} a call without the way over the network. If it runs in a loop, ask for all keys at once.`,
      evidence: { queryid: row.queryid, calls: row.calls, rows_per_call: row.rows_per_call, mean_ms: row.mean_ms, total_ms: row.total_ms },
      remedy: { sql: `-- instead of one call a key:\n-- … WHERE <key> = ANY ($1)   -- with an array of the keys\n-- or join what the loop goes over:\n${row.query.slice(0, 2000)}` },
    })),
});
