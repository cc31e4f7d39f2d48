import type { Finding } from '@/lib/kit/finding';
import { formatCount, formatMs, formatRatio, formatTime } from '@/lib/units';
import type { RunwayRow } from './runway';

const dayMs = 86_400_000;
/** Where nobody knows when, the values used of the last partition tell. */
const mostUsed = 0.9;

type Judged = Omit<RunwayRow, 'state' | 'then_rows'> & { state: string; then_rows: string };

export function judgeRunway(row: Judged, days: number): Finding[] {
  const byValue = row.left_values !== null;
  const found = [byValue ? byItsValues(row, days) : byItsTime(row, days), (row.gap_count ?? 0) > 0 ? gap(row) : null];
  return found.filter((finding) => finding !== null);
}

/** The action reckons with one column that is a time; for the rest there is the SQL. */
const isTimed = (row: Judged): boolean => row.left_values === null && (row.covered_until !== null || (row.state === 'no partition' && /^(date|timestamp)/.test(row.reads_as))) && !row.reads_as.includes(', the first of');
function remedyOf(row: Judged): Finding['remedy'] {
  if (isTimed(row)) return { action: 'partitions.create', params: { table: row.tab } };
  return row.next_sql === null ? null : { sql: row.next_sql };
}
const refused = (row: Judged): boolean => row.then_rows === 'are refused';

function byItsTime(row: Judged, days: number): Finding | null {
  const { tab: about, covered_until: until, left_ms: left, then_rows: then } = row;
  const evidence = { covered_until: until, left_ms: left, then_rows: then, gaps: row.gaps };
  if (row.state === 'no partition') {
    const says = refused(row) ? 'It has no partition: every row is refused.' : 'It has no partition but DEFAULT: every row goes there.';
    return { code: 'partitions.ended', severity: refused(row) ? 'critical' : 'warning', about, says, evidence, remedy: remedyOf(row) };
  }
  if (row.state === 'ended') {
    const since = until === null ? 'No partition reaches to now' : `Its partitions ended on ${formatTime(until)}`;
    return { code: 'partitions.ended', severity: refused(row) ? 'critical' : 'warning', about, says: `${since}: rows dated now ${then}.`, evidence, remedy: remedyOf(row) };
  }
  if (row.state !== 'covered' || left === null || until === null || left >= days * dayMs) return null;
  return { code: 'partitions.runway', severity: refused(row) && left < 3 * dayMs ? 'critical' : 'warning', about, says: `From ${formatTime(until)} on, in ${formatMs(left)}, new rows ${then}.`, evidence, remedy: remedyOf(row) };
}

function byItsValues(row: Judged, days: number): Finding | null {
  const { tab: about, left_ms: left, left_values: values, per_day: rate, used_ratio: used, then_rows: then } = row;
  const evidence = { left_values: values, per_day: rate, used_ratio: used, left_ms: left, covered_until: row.covered_until, then_rows: then };
  if (row.state === 'ended') {
    return { code: 'partitions.ended', severity: refused(row) ? 'critical' : 'warning', about, says: `No partition holds the next of its keys (${row.reads_as}): new rows ${then}.`, evidence, remedy: remedyOf(row) };
  }
  if (row.state !== 'covered') return null;
  const many = `${formatCount(values ?? 0)} more keys (${row.reads_as}) new rows ${then}`;
  if (left !== null && left < days * dayMs) {
    return { code: 'partitions.runway', severity: refused(row) && left < 3 * dayMs ? 'critical' : 'warning', about, says: `After ${many}: in about ${formatMs(left)}, at ${formatCount(rate ?? 0)} rows a day as counted on average.`, evidence, remedy: remedyOf(row) };
  }
  if (left !== null || (used ?? 0) < mostUsed) return null;
  return { code: 'partitions.runway', severity: 'warning', about, says: `After ${many}: ${formatRatio(used ?? 0)} of its last partition are used. When that will be is not known.`, evidence, remedy: remedyOf(row) };
}

function gap(row: Judged): Finding {
  const more = (row.gap_count ?? 0) > 5 ? ' and more' : '';
  return { code: 'partitions.gap', severity: 'info', about: row.tab, says: `No partition holds ${row.gaps}${more}: rows with such a key ${row.then_rows}.`, evidence: { gap_count: row.gap_count, gaps: row.gaps }, remedy: isTimed(row) ? { action: 'partitions.create', params: { table: row.tab } } : null };
}
