import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { formatBytes, formatRatio, MiB } from '@/lib/units';
import { bloatOf } from './bloat-row';
import { heapsWhole, readHeaps } from './heap-facts';

type Wasted = { dropped: boolean; bloat_ratio: number | null; bloat_bytes: number | null; least_bytes: number | null };

/** What live rows hold of columns dropped, VACUUM leaves where it is. */
function wasted({ dropped, bloat_ratio: ratio, bloat_bytes: bytes, least_bytes: least }: Wasted): string {
  const much = `${formatBytes(bytes ?? 0)}, at least ${formatBytes(least ?? 0)}`;
  return dropped
    ? `A rewrite would give back about ${formatRatio(ratio ?? 0)} of its heap: ${much}. Columns were dropped, and live rows may still hold their values: how much of it that is, is not known. VACUUM makes the room of dead rows alone usable for new ones; only a rewrite removes those values and gives the space back`
    : `About ${formatRatio(ratio ?? 0)} of its heap holds no live rows: ${much}. VACUUM makes that space usable for new rows; only a rewrite gives it back`;
}

const reads = "GRANT pg_read_all_data TO <the monitoring role>;  -- or SELECT on these tables";

export const bloat = diagnostic({
  name: 'bloat',
  title: 'Bloat, estimated',
  why: 'Pages that hold no live rows are read, cached and backed up all the same.',
  how: 'What a rewrite of the heap would give back: pages of the file against pages that the live rows need, by their average widths and the rows of the last vacuum or analyze. Least and most are what these leave open: padding, nulls, varying lengths, rows changed since. The reserve of the fill factor is no bloat; values of columns dropped are, which only a rewrite removes and which live rows hold for pgstattuple. Estimated for the 500 tables with most pages, from 64 pages on; TOAST and indexes are not in it. Exact figures: the next tab.',
  permission: 'stats:read',
  params: { min_bytes: param.bytes('A finding from (bytes, surely)', 64 * MiB), min_ratio: param.ratio('and from (share, 0–1)', 0.3) },
  row: {
    tab: col.code('Table'),
    heap_bytes: col.bytes('Heap'),
    bloat_bytes: col.maybe(col.bytes('Bloat', { note: 'Estimate of what a rewrite gives back' })),
    bloat_ratio: col.maybe(col.ratio('Share')),
    least_bytes: col.maybe(col.bytes('At least')),
    most_bytes: col.maybe(col.bytes('At most')),
    row_estimate: col.maybe(col.count('Rows')),
    width_bytes: col.maybe(col.bytes('Row', { note: 'Expected width of a row with its header' })),
    fill_factor: col.count('Fill factor'),
    dropped: col.flag('Dropped columns', { note: 'Rows may still hold their values, which count as bloat: only a rewrite removes them' }),
    counted_at: col.maybe(col.time('Counted', { note: 'The last vacuum or analyze' })),
    knowledge: col.text('Knowledge', { note: 'What the estimate rests on, or why there is none' }),
  },
  key: ['tab'],
  search: ['tab', 'knowledge'],
  sort: '-bloat_bytes',
  show: ['tab', 'heap_bytes', 'bloat_bytes', 'bloat_ratio', 'least_bytes', 'most_bytes', 'knowledge'],
  needs: [],
  charts: [],
  codes: {
    'tables.bloat': 'Even by the low end of the estimate, a rewrite would give back much of a table’s heap.',
    'tables.bloat_hidden': 'The monitoring role may not read the column statistics of some tables: their bloat is not known.',
  },
  context: {
    row: { big: col.count('Tables', { note: 'From 64 pages on' }), hidden: col.count('Hidden', { note: 'No SELECT on a column of theirs, so no column statistics' }) },
    sql: () => heapsWhole,
  },
  actions: [{ action: 'tables.vacuum', from: { table: 'tab' } }, { action: 'tables.vacuum_full', from: { table: 'tab' } }],
  refreshSeconds: 60,
  source: 'facts',
  read: async (ask, { server }) => (await readHeaps(ask, server)).map(bloatOf),
  findings: (rows, { params, context }) => {
    const found = rows
      .filter((row) => (row.least_bytes ?? 0) >= Math.max(1, params.min_bytes) && (row.least_bytes ?? 0) >= params.min_ratio * row.heap_bytes)
      .map((row): Finding => ({
        code: 'tables.bloat',
        severity: (row.least_bytes ?? 0) >= 0.5 * row.heap_bytes ? 'warning' : 'info',
        about: row.tab,
        says: `${wasted(row)}, and VACUUM FULL blocks reads and writes while it copies ${formatBytes(row.heap_bytes - (row.bloat_bytes ?? 0))} and rebuilds the indexes.`,
        evidence: { heap_bytes: row.heap_bytes, bloat_bytes: row.bloat_bytes, least_bytes: row.least_bytes, most_bytes: row.most_bytes, row_estimate: row.row_estimate },
        remedy: { action: 'tables.vacuum_full', params: { table: row.tab } },
      }));
    if (context && context.hidden > 0) {
      found.push({
        code: 'tables.bloat_hidden', severity: 'warning', about: 'column statistics',
        says: `The column statistics of ${context.hidden} of ${context.big} tables are hidden from the monitoring role, so their bloat is not known.`,
        evidence: { hidden: context.hidden, tables: context.big }, remedy: { sql: reads },
      });
    }
    return found;
  },
});
