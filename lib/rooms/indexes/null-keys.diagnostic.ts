import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatBytes, formatRatio, MiB } from '@/lib/units';
import { dropIndex, late, sizeNote } from './catalog';
import { hiddenStatistics } from './hidden-statistics';
import { nullKeysSql } from './null-keys-sql';

export const nullKeys = diagnostic({
  name: 'null_keys',
  title: 'Keys almost all NULL',
  why: 'Rows without a value need no entry where nobody asks for NULLs: a partial index does the same at a fraction of the size and of the writes.',
  how: 'B-trees without a predicate whose first key is a column that is NULL in most rows, by the column statistics. Parts of a partitioned index are counted together, weighted by rows; if one was never analysed or may not be read, the share is not known. Entries without a value take 6 bytes at least. Left out: indexes of constraints, and unique ones with NULLS NOT DISTINCT. Queries for IS NULL, and ORDER BY over all rows, would lose the index.',
  permission: 'stats:read',
  params: { min_null: param.ratio('NULL in at least (0–1)', 0.9), min_bytes: param.bytes('Index at least (bytes)', MiB) },
  row: {
    index: col.code('Index'),
    table: col.code('Table'),
    column: col.code('First key'),
    null_ratio: col.maybe(col.ratio('NULL', { note: 'Unknown where a part has no statistics' })),
    entries: col.maybe(col.count('Entries')),
    pages_bytes: col.bytes('Size at last VACUUM'),
    size_bytes: col.maybe(col.bytes('Size', { note: sizeNote })),
    least_bytes: col.maybe(col.bytes('Saved at least')),
    unique: col.flag('Unique'),
    partitioned: col.flag('Partitioned'),
    tablespace: col.maybe(col.code('Tablespace')),
    definition: col.maybe(col.sql('Definition')),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['index', 'table', 'column'],
  sort: '-least_bytes',
  show: ['index', 'table', 'column', 'null_ratio', 'entries', 'size_bytes', 'least_bytes', 'definition'],
  needs: [],
  charts: [],
  codes: {
    'indexes.null_keys': 'Almost all entries of an index are NULL.',
    'indexes.null_keys_hidden': 'Statistics of some tables may not be read by this role: shares of NULL are not known for them.',
  },
  context: hiddenStatistics,
  refreshSeconds: 600,
  source: 'sql',
  alarm: () => sql`d.null_ratio is not null`,
  late,
  sql: { 14: ({ params }) => nullKeysSql(params.min_null, params.min_bytes) },
  findings: (rows, { context, server }) => [
    ...rows
      .filter((row) => row.null_ratio !== null)
      .map((row): Finding => ({
        code: 'indexes.null_keys',
        severity: 'info',
        about: row.index,
        says: `${row.column} is NULL in ${formatRatio(row.null_ratio ?? 0)} of its ${row.entries} entries. An index of the rest alone would be ${formatBytes(row.least_bytes ?? 0)} smaller at least; queries for IS NULL and orders over all rows could not use it.`,
        evidence: { null_ratio: row.null_ratio, entries: row.entries, size_bytes: row.size_bytes, least_bytes: row.least_bytes },
        remedy: row.partitioned || row.definition === null ? null : { sql: `-- outside a transaction; under a name of its own, then drop the old one\n${partial(row.definition, row.column)};\n${dropIndex(row).sql}` },
      })),
    ...hiddenStatistics.finding('indexes.null_keys_hidden', context, server),
  ],
});

/** PostgreSQL chooses a name where none is given. */
const partial = (definition: string, column: string): string =>
  `${definition.replace(/^CREATE (UNIQUE )?INDEX (?:"(?:[^"]|"")+"|[^\s"]+) ON /, (_, unique: string | undefined) => `CREATE ${unique ?? ''}INDEX CONCURRENTLY ON `)} WHERE ${column} IS NOT NULL`;
