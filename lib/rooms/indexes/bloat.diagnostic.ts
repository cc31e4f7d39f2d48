import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatBytes, formatRatio, MiB } from '@/lib/units';
import { bloatSql, looked } from './bloat-sql';
import { hiddenStatistics } from './hidden-statistics';

export const bloat = diagnostic({
  name: 'bloat',
  title: 'Bloat (B-tree)',
  why: 'Pages of an index that hold little are read, cached and backed up like full ones; only a rebuild gives them back.',
  how: `An estimate: the pages that a fresh build of the same rows would need, from column statistics, fill factor and deduplication, against those there are, as a range that allows for what statistics cannot tell. Random keys fill pages to two thirds only: a quarter of “bloat” comes back after every rebuild of theirs. The ${looked} largest B-trees are looked at. Statistics are needed: of tables that this role may not read, or that were never analysed, nothing is known. Exact on demand: pgstatindex of the extension pgstattuple reads the whole index.`,
  permission: 'stats:read',
  params: { min_bytes: param.bytes('Index at least (bytes)', MiB), min_bloat_bytes: param.bytes('Finding from (bytes)', 100 * MiB) },
  row: {
    index: col.code('Index'),
    table: col.code('Table'),
    state: col.text('State'),
    size_bytes: col.maybe(col.bytes('Size')),
    bloat_bytes: col.maybe(col.bytes('Bloat')),
    least_bytes: col.maybe(col.bytes('At least')),
    most_bytes: col.maybe(col.bytes('At most')),
    bloat_ratio: col.maybe(col.ratio('Share')),
    least_ratio: col.maybe(col.ratio('Share at least')),
    most_ratio: col.maybe(col.ratio('Share at most')),
    tuples: col.count('Entries', { note: 'At the last VACUUM or ANALYZE; −1: never' }),
    fill_ratio: col.ratio('Fill factor'),
    partial: col.flag('Partial'),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['index', 'table', 'state'],
  sort: '-least_bytes',
  show: ['index', 'table', 'state', 'size_bytes', 'bloat_bytes', 'least_bytes', 'most_bytes', 'bloat_ratio'],
  needs: [],
  charts: [],
  codes: {
    'indexes.bloat': 'At least two fifths of an index, and much space, would be given back by a rebuild.',
    'indexes.bloat_hidden': 'Statistics of some tables may not be read by this role: bloat of their indexes is not known.',
  },
  context: hiddenStatistics,
  actions: [{ action: 'indexes.reindex', from: { index: 'index' } }],
  refreshSeconds: 600,
  source: 'sql',
  alarm: ({ params }) => sql`d.least_ratio >= 0.4 and d.least_bytes >= ${params.min_bloat_bytes}::float8`,
  sql: { 14: ({ params }) => bloatSql(params.min_bytes) },
  findings: (rows, { params, context, server }) => [
    ...rows
      .filter((row) => (row.least_ratio ?? 0) >= 0.4 && (row.least_bytes ?? 0) >= params.min_bloat_bytes)
      .map((row): Finding => ({
        code: 'indexes.bloat',
        severity: 'warning',
        about: row.index,
        says: `A rebuild would give back ${formatBytes(row.least_bytes ?? 0)} to ${formatBytes(row.most_bytes ?? 0)} of ${formatBytes(row.size_bytes ?? 0)} (${formatRatio(row.least_ratio ?? 0)} at least, estimated). It needs that much disk for the new index while it runs, and reads the whole table.`,
        evidence: { size_bytes: row.size_bytes, bloat_bytes: row.bloat_bytes, least_bytes: row.least_bytes, most_bytes: row.most_bytes, tuples: row.tuples },
        remedy: { action: 'indexes.reindex', params: { index: row.index } },
      })),
    ...hiddenStatistics.finding('indexes.bloat_hidden', context, server),
  ],
});
