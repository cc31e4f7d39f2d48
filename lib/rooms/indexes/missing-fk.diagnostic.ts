import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { formatBytes, formatCount, MiB } from '@/lib/units';
import { counters } from './catalog';
import { missingFkSql } from './missing-fk-sql';

export const missingFk = diagnostic({
  name: 'missing_fk',
  title: 'Missing under a foreign key',
  why: 'Without an index on the referencing columns, each deleted or re-keyed row of the referenced table reads the whole referencing table, under lock.',
  how: 'Foreign keys whose columns are not the first columns, in any order, of a valid index that finds them, in the column’s own collation; a partial index counts if it leaves out NULLs only. One by which PostgreSQL finds these rows among others (the first columns of the key alone, or BRIN) is named. Partitioned tables are one row: covered only if every partition is. Temporal keys and keys that are not enforced are left out. Deletes and updates of the referenced table are what pays; which updates changed the key is not counted anywhere. Cheap where the referenced table never changes and nothing joins on the columns.',
  permission: 'stats:read',
  params: {},
  row: {
    constraint: col.code('Foreign key'),
    table: col.code('Table'),
    columns: col.code('Columns'),
    referenced: col.code('References'),
    on_delete: col.text('On delete'),
    pages_bytes: col.bytes('Size of the table', { note: 'Pages at the last VACUUM or ANALYZE' }),
    tuples: col.maybe(col.count('Rows', { note: 'Estimate; unknown where never analysed' })),
    deletes: col.maybe(col.count('Deletes', { note: 'Of the referenced table since the statistics were reset' })),
    updates: col.maybe(col.count('Updates', { note: 'Of the referenced table; only those that change the key pay' })),
    without: col.count('Without', { note: 'Tables or partitions that lack the index' }),
    narrowed: col.count('In part', { note: 'Of those, with an index that finds the rows among others, by its first columns or by BRIN' }),
    narrowing: col.maybe(col.code('Such an index', { note: 'One as an example' })),
    tables: col.count('Of'),
    partitioned: col.flag('Partitioned'),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['constraint', 'table', 'referenced', 'columns'],
  sort: '-pages_bytes',
  show: ['constraint', 'table', 'columns', 'referenced', 'on_delete', 'pages_bytes', 'tuples', 'deletes'],
  needs: [],
  charts: [],
  codes: { 'indexes.missing_fk': 'No index leads from a referenced row to the rows that reference it, and to no others.' },
  actions: [{ action: 'indexes.create', from: { table: 'table', columns: 'columns' } }],
  context: counters,
  refreshSeconds: 300,
  source: 'sql',
  sql: { 14: missingFkSql },
  findings: (rows) =>
    rows.map((row) => ({
      code: 'indexes.missing_fk',
      severity: row.narrowed < row.without && (row.deletes ?? 0) > 0 && row.pages_bytes >= MiB ? 'warning' : 'info',
      about: row.table,
      says: `${lacking(row)} (${formatBytes(row.pages_bytes)} at the last VACUUM or ANALYZE). ${row.referenced} had ${formatCount(row.deletes ?? 0)} deletes and ${formatCount(row.updates ?? 0)} updates since the statistics were reset. The index costs each write of ${row.table}.`,
      evidence: { constraint: row.constraint, pages_bytes: row.pages_bytes, tuples: row.tuples, deletes: row.deletes, updates: row.updates, without: row.without, narrowed: row.narrowed, narrowing: row.narrowing, tables: row.tables },
      remedy: { action: 'indexes.create', params: { table: row.table, columns: row.columns } },
    })),
});

type Lacking = { constraint: string; columns: string; table: string; referenced: string; without: number; narrowed: number; narrowing: string | null; tables: number; partitioned: boolean };

function lacking({ constraint, columns, table, referenced, without, narrowed, narrowing, tables, partitioned }: Lacking): string {
  const where = partitioned ? ` on ${without} of ${tables} partitions` : '';
  if (narrowed === 0) return `${constraint} (${columns}) has no index${where}: each delete in ${referenced} reads all of ${table}`;
  const some = narrowed === without ? '' : ` on ${narrowed} of them`;
  return `${constraint} (${columns}) has no index that finds its rows alone${where}:${some} ${narrowing ?? 'an index'} narrows them down, and each delete in ${referenced} reads what is left of ${table}`;
}
