import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatBytes, formatRatio } from '@/lib/units';
import { columns, context, counted, oneLine, shared } from './statements';

const row = {
  ...columns,
  read_bytes: col.bytes('Read', { note: 'Blocks that were not in shared buffers; the operating system may have had them' }),
  hit_ratio: col.maybe(col.ratio('Cache hits')),
  dirtied_bytes: col.bytes('Dirtied'),
  written_bytes: col.bytes('Written', { note: 'By the statement itself, because no clean buffer was free' }),
  io_ms: col.ms('I/O time', { note: '0 while track_io_timing is off' }),
};

export const io = diagnostic({
  ...shared,
  name: 'io',
  title: 'By I/O',
  why: 'What has to be read from outside the buffer cache is slow, and drives out what others need.',
  how: 'Shared blocks from pg_stat_statements. A block that the operating system had cached counts as read; only the I/O time, with track_io_timing, tells it from a disk.',
  params: { min_read_bytes: param.bytes('Read at least (bytes)', 0) },
  row,
  sort: '-read_bytes',
  show: ['query', 'calls', 'read_bytes', 'hit_ratio', 'dirtied_bytes', 'written_bytes', 'io_ms', 'total_ms'],
  charts: [{ kind: 'bars', title: 'Read by statement', label: 'query', values: ['read_bytes'], top: 10 }],
  codes: { 'queries.reads': 'A statement reads much from outside the buffer cache, and finds little in it.' },
  context,
  source: 'sql',
  sql: { 14: ({ params, server }) => counted(server, Object.keys(row), sql`s.shared_blks_read + s.shared_blks_dirtied + s.shared_blks_written > 0 and s.shared_blks_read::float8 * current_setting('block_size')::int >= ${params.min_read_bytes}::float8`) },
  findings: (rows) =>
    rows
      .filter((one) => one.read_bytes >= 1024 ** 3 && (one.hit_ratio ?? 1) < 0.9 && one.calls > 1)
      .slice(0, 10)
      .map((one) => ({
        code: 'queries.reads',
        severity: 'info',
        about: oneLine(one.query),
        says: `Read ${formatBytes(one.read_bytes)} from outside the buffer cache over ${one.calls} calls, and found ${formatRatio(one.hit_ratio ?? 0)} of its blocks there.`,
        evidence: { queryid: one.queryid, calls: one.calls, read_bytes: one.read_bytes, hit_ratio: one.hit_ratio, io_ms: one.io_ms },
        remedy: null,
      })),
});
