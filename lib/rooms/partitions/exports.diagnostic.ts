import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';

export const exports = diagnostic({
  name: 'exports',
  title: 'Exports',
  why: 'What was exported and dropped is in these files and nowhere else: they have to be found, and kept elsewhere too.',
  how: 'Read from the directory of this console’s exports (EXPORT_DIR); other consoles have their own. A file was read back against the server’s checksum when it was made; here it is only seen whether it is there with its size. The manifest has the statements that bring the rows back; partitions.import runs them.',
  permission: 'stats:read',
  params: {},
  row: {
    tab: col.code('Table'),
    file: col.code('File'),
    rows: col.count('Rows'),
    file_bytes: col.maybe(col.bytes('Compressed')),
    csv_bytes: col.maybe(col.bytes('CSV')),
    made_at: col.time('Made at', { note: 'When its snapshot was taken' }),
    verified_at: col.time('Verified at', { note: 'When it had been read back and was the same' }),
    state: col.text('State'),
    database: col.code('Database'),
    sha256: col.maybe(col.code('SHA-256')),
    id: col.code('Job'),
  },
  key: ['id', 'file'],
  search: ['tab', 'database', 'id', 'sha256'],
  sort: '-made_at',
  show: ['tab', 'file', 'rows', 'file_bytes', 'csv_bytes', 'made_at', 'verified_at', 'state'],
  needs: [],
  charts: [],
  codes: { 'partitions.export_damaged': 'A file of an export is missing, or has another size than when it was made.' },
  actions: [{ action: 'partitions.import', from: { export: 'id' } }],
  page: { path: '/api/exports/file', by: { id: 'id', file: 'file' } },
  refreshSeconds: 60,
  source: 'process',
  read: async ({ exports: kept }) => (await kept()).flatMap(({ id, database, made_at, verified_at, damaged, tables }) => {
    const files = tables.map(({ schema, table, file, rows, bytes, csv_bytes, sha256 }) => ({ tab: `${schema}.${table}`, file, rows, file_bytes: bytes, csv_bytes, made_at, verified_at, state: damaged.includes(file) ? 'damaged' : 'complete', database, sha256, id }));
    const manifest = { tab: files.map(({ tab }) => tab).join(', '), file: 'manifest.json', rows: files.reduce((sum, { rows }) => sum + rows, 0), file_bytes: null, csv_bytes: null, made_at, verified_at, state: 'complete', database, sha256: null, id };
    return [...files, manifest];
  }),
  findings: (rows) => rows.filter(({ state }) => state === 'damaged').map((row) => ({
    code: 'partitions.export_damaged', severity: 'critical', about: row.tab, evidence: { export: row.id, file: row.file, file_bytes: row.file_bytes },
    says: `${row.file} of the export of ${row.made_at.slice(0, 10)} is missing, or has another size than when it was made: its ${row.rows} rows may be nowhere else.`, remedy: null,
  })),
});
