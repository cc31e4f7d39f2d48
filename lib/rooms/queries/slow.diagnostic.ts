import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatMs, formatRatio } from '@/lib/units';
import { columns, context, counted, oneLine, partCodes, partFindings, shared } from './statements';

const row = {
  ...columns,
  max_ms: col.ms('Maximum'),
  stddev_ms: col.ms('Deviation'),
  hit_ratio: col.maybe(col.ratio('Cache hits', { note: 'Shared blocks found in the buffer cache' })),
  io_ms: col.ms('I/O time', { note: 'Time to read and write blocks; 0 while track_io_timing is off' }),
  temp_bytes: col.bytes('Temporary files', { note: 'Written by sorts and hashes that did not fit work_mem' }),
  wal_bytes: col.bytes('WAL'),
};

export const slow = diagnostic({
  ...shared,
  name: 'slow',
  title: 'Slow statements',
  why: 'A statement that is slow on average, or cheap but called without end, is where the server’s time goes.',
  how: 'From pg_stat_statements, per statement shape, role and nesting level of this database. Means hide outliers: compare them with the maximum and the deviation. I/O time needs track_io_timing. Statements of this console’s own diagnostics are left out.',
  params: { min_mean_ms: param.ms('Mean at least (ms)', 100) },
  row,
  sort: '-total_ms',
  show: ['query', 'calls', 'total_ms', 'share_ratio', 'mean_ms', 'max_ms', 'row_count', 'hit_ratio', 'io_ms'],
  charts: [
    { kind: 'bars', title: 'Total time by statement', label: 'query', values: ['total_ms'], top: 10 },
    { kind: 'bars', title: 'Mean time by statement', label: 'query', values: ['mean_ms'], top: 10 },
  ],
  codes: { 'queries.slow': 'A statement’s mean time is above the threshold and it has been called more than once.', ...partCodes },
  context,
  source: 'sql',
  sql: { 14: ({ params, server }) => counted(server, Object.keys(row), sql`s.mean_exec_time >= ${params.min_mean_ms}::float8`) },
  findings: (rows, { params, context: facts }) => {
    const found: Finding[] = rows
      .filter(({ calls, mean_ms: mean }) => calls > 1 && mean >= Math.max(params.min_mean_ms, 1))
      .slice(0, 20)
      .map((one) => ({
        code: 'queries.slow',
        severity: one.mean_ms >= 1000 || (one.share_ratio ?? 0) >= 0.2 ? 'warning' : 'info',
        about: oneLine(one.query),
        says: `Takes ${formatMs(one.mean_ms)} on average over ${one.calls} calls by ${one.usr}${one.share_ratio === null ? '' : `, ${formatRatio(one.share_ratio)} of the database’s execution time`}.`,
        evidence: { queryid: one.queryid, calls: one.calls, mean_ms: one.mean_ms, max_ms: one.max_ms, total_ms: one.total_ms, stddev_ms: one.stddev_ms },
        remedy: null,
      }));
    return [...found, ...partFindings(facts)];
  },
});
