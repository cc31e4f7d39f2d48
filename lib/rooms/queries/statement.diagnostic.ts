import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { maskSecrets } from '@/lib/kit/mask';
import { param } from '@/lib/kit/param';
import { formatSql } from '@/lib/pg/format-sql';
import { sql } from '@/lib/pg/sql';
import { columns, context, counted, shared } from './statements';
import { saidBy, tagsIn } from './tags';

const figures = {
  ...columns,
  min_ms: col.ms('Minimum'),
  max_ms: col.ms('Maximum'),
  stddev_ms: col.ms('Deviation'),
  calls_ratio: col.maybe(col.ratio('Of all calls')),
  hit_ratio: col.maybe(col.ratio('Cache hits', { note: 'Shared blocks found in the buffer cache' })),
  read_bytes: col.bytes('Read', { note: 'Blocks that were not in shared buffers; the operating system may have had them' }),
  dirtied_bytes: col.bytes('Dirtied'),
  written_bytes: col.bytes('Written', { note: 'By the statement itself, because no clean buffer was free' }),
  io_ms: col.ms('I/O time', { note: '0 while track_io_timing is off' }),
  temp_bytes: col.bytes('Temporary files'),
  temp_per_call_bytes: col.maybe(col.bytes('Temporary a call')),
  wal_bytes: col.bytes('WAL'),
  wal_per_call_bytes: col.maybe(col.bytes('WAL a call')),
};

type Figures = { query: string; usr: string; calls: number } & Record<string, string | number | boolean | null>;

export const statement = diagnostic({
  ...shared,
  name: 'statement',
  title: 'Figures of the statement',
  why: 'What one statement costs, by the role that runs it, and whether a client or a function does.',
  how: 'From pg_stat_statements: one row a role and nesting level. It keeps one text for a statement, with parameters where the first caller had values; a comment in it, route=… say, is that first caller’s and not everybody’s. Means hide outliers: compare the mean with the maximum and the deviation.',
  params: { queryid: param.text('Query id') },
  concerns: 'queryid',
  row: { ...figures, formatted: col.sql('Formatted', { note: 'The same text with another layout' }), said_by: col.maybe(col.text('First caller', { note: 'What the comment in the kept text says of the application' })) },
  sort: '-total_ms',
  show: ['usr', 'toplevel', 'calls', 'total_ms', 'share_ratio', 'mean_ms', 'max_ms', 'row_count', 'hit_ratio', 'temp_bytes', 'wal_bytes'],
  charts: [],
  codes: {},
  context,
  source: 'facts',
  read: async (ask, { params, server }) => {
    const rows = await ask<Figures>(counted(server, Object.keys(figures), sql`s.queryid::text = ${params.queryid}`));
    // The text may hold a secret, which a layout must not hide from the masks that come after.
    return Promise.all(rows.map(async (row) => ({ ...row, formatted: await formatSql(maskSecrets(row.query)), said_by: saidBy(tagsIn(row.query)) }))) as never;
  },
  findings: () => [],
});
