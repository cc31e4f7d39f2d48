import { diagnostic } from '@/lib/kit/diagnostic';
import { sql } from '@/lib/pg/sql';
import { formatMs, formatRatio } from '@/lib/units';
import { columns, context, counted, oneLine, shared } from './statements';

/** Below this a share is a share of next to nothing. */
const leastMs = 60_000;

export const total = diagnostic({
  ...shared,
  name: 'total',
  title: 'By total time',
  why: 'What the server spends its time on as a whole: to make the first of these cheaper helps most.',
  how: 'Execution time over all calls, from pg_stat_statements; without the time to plan unless pg_stat_statements.track_planning is on. A statement inside a function counts in the function’s own statement too.',
  params: {},
  row: columns,
  sort: '-total_ms',
  show: ['query', 'usr', 'total_ms', 'share_ratio', 'calls', 'mean_ms', 'row_count'],
  charts: [{ kind: 'bars', title: 'Total time by statement', label: 'query', values: ['total_ms'], top: 10 }],
  codes: { 'queries.dominant': 'One statement takes at least half of the database’s execution time.' },
  context,
  sample: { everyMinutes: 15, keepDays: 30, values: ['calls', 'total_ms'] },
  source: 'sql',
  sql: { 14: ({ server }) => counted(server, Object.keys(columns), sql`s.calls > 0`) },
  findings: (rows) =>
    rows
      .filter(({ toplevel, share_ratio: share, total_ms: ms }) => toplevel && (share ?? 0) >= 0.5 && ms >= leastMs)
      .map((row) => ({
        code: 'queries.dominant',
        severity: 'info',
        about: oneLine(row.query),
        says: `Takes ${formatRatio(row.share_ratio ?? 0)} of the database’s execution time: ${formatMs(row.total_ms)} over ${row.calls} calls by ${row.usr}.`,
        evidence: { queryid: row.queryid, calls: row.calls, total_ms: row.total_ms, share_ratio: row.share_ratio, mean_ms: row.mean_ms },
        remedy: null,
      })),
});
