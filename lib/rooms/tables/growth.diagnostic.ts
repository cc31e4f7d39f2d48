import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { hoursBetween, levelOf, sampleKey, valueAt } from '@/lib/kit/history';
import { param } from '@/lib/kit/param';
import { formatBytes, formatDay, formatRatio, GiB } from '@/lib/units';

/** Over less than a day the time of day is most of what is seen. */
const leastDays = 1;
/** A share of the size at which a pace is worth a sentence. */
const growing = { ratio: 0.5, bytes: GiB };
const dayMs = 86_400_000;

export const growth = diagnostic({
  name: 'growth',
  title: 'Growth of tables',
  why: 'A disk that is full stops every write. What grows, and how fast, says when.',
  how: 'The sizes of the question above, kept every hour by this console while it runs, compared with now. What is called growth a day is the difference over the time between the first kept size and now; a table that was filled or emptied once has no such pace, as its line shows. The thousand largest tables are kept.',
  permission: 'stats:read',
  params: { days: param.choice('Days', ['7', '1', '30', '90']) },
  row: {
    tab: col.code('Table'),
    total_bytes: col.bytes('Size now'),
    grown_bytes: col.maybe(col.bytes('Grown by', { note: 'Since it was first kept in this time; unknown where it was not' })),
    day_bytes: col.maybe(col.bytes('A day')),
    grown_ratio: col.maybe(col.ratio('Against before')),
    grown_rows: col.maybe(col.count('Rows more', { note: 'By the estimates of vacuum and analyze, which jump when these run' })),
    seen_ms: col.maybe(col.ms('Compared over')),
  },
  key: ['tab'],
  search: ['tab'],
  sort: '-grown_bytes',
  show: ['tab', 'total_bytes', 'grown_bytes', 'day_bytes', 'grown_ratio', 'grown_rows', 'seen_ms'],
  needs: [],
  charts: [{ kind: 'lines', title: 'Size over time of what grew most', label: 'tab', values: ['total_bytes'], top: 5 }],
  codes: { 'tables.growing': 'A table has grown by half of its size, and by at least 1 GB, within the time that is compared.' },
  refreshSeconds: 300,
  source: 'history',
  of: 'size',
  days: ({ days }) => Number(days),
  read: ({ samples, now }) => {
    const last = samples.at(-1);
    const rows = now.map((row) => {
      const key = sampleKey(row, ['tab']);
      const first = samples.find((sample) => sample !== last && valueAt(sample, key, 'total_bytes') !== null);
      const [total, before] = [Number(row['total_bytes']), first ? valueAt(first, key, 'total_bytes') : null];
      const [rowsNow, rowsThen] = [last ? valueAt(last, key, 'row_estimate') : null, first ? valueAt(first, key, 'row_estimate') : null];
      const hours = first && last ? hoursBetween(first.at, last.at) : null;
      const grown = before === null ? null : total - before;
      return {
        tab: String(row['tab']),
        total_bytes: total,
        grown_bytes: grown,
        day_bytes: grown === null || !hours ? null : (grown / hours) * 24,
        grown_ratio: grown === null || !before ? null : grown / before,
        grown_rows: rowsNow === null || rowsThen === null ? null : rowsNow - rowsThen,
        seen_ms: hours === null ? null : hours * 3_600_000,
      };
    });
    const top = rows.filter(({ grown_bytes: grown }) => (grown ?? 0) !== 0).toSorted((a, b) => Math.abs(b.grown_bytes ?? 0) - Math.abs(a.grown_bytes ?? 0)).slice(0, 5);
    return { rows, lines: top.map(({ tab }) => ({ label: tab, points: levelOf(samples, sampleKey({ tab }, ['tab']), 'total_bytes') })) };
  },
  findings: (rows) =>
    rows
      .filter(({ grown_bytes: grown, grown_ratio: share, seen_ms: ms }) => (grown ?? 0) >= growing.bytes && (share ?? 0) >= growing.ratio && (ms ?? 0) >= leastDays * dayMs)
      .map((row): Finding => ({
        code: 'tables.growing',
        severity: 'info',
        about: row.tab,
        says: `Grew by ${formatBytes(row.grown_bytes ?? 0)} (${formatRatio(row.grown_ratio ?? 0)}) in ${((row.seen_ms ?? 0) / dayMs).toFixed(1)} days. At this pace it has twice its size on ${formatDay(new Date(Date.now() + (row.total_bytes / (row.day_bytes ?? 1)) * dayMs).toISOString())}.`,
        evidence: { total_bytes: row.total_bytes, grown_bytes: row.grown_bytes, day_bytes: row.day_bytes, seen_ms: row.seen_ms },
        remedy: null,
      })),
});
