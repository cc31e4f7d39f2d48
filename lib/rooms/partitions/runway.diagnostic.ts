import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { formatMs, formatTime } from '@/lib/units';
import { runwayOf, type RunwayRow } from './runway';
import { members, parents, underParents, type Member, type Parent } from './tree-sql';

const dayMs = 86_400_000;

export const runway = diagnostic({
  name: 'runway',
  title: 'Runway',
  why: 'One day the next rows find no partition: they are refused, or pile up in DEFAULT.',
  how: 'From the bounds of every range-partitioned table whose key is a time: a date or timestamp, a number whose bounds all look like an epoch, a uuid whose bounds are moments of UUIDv7. Reckoned for rows dated at the moment of their insert; timestamps without a zone are read as UTC. Where the key is no time, of several columns or an expression, it cannot be told. A table that takes no new rows needs no runway.',
  permission: 'stats:read',
  params: { days: param.count('A finding below (days)', 14) },
  row: {
    tab: col.code('Table'),
    key: col.code('Key'),
    reads_as: col.text('Read as', { note: 'What the bounds were taken for' }),
    state: col.text('State'),
    covered_until: col.maybe(col.time('Covered until', { note: 'Without a gap from now on; once ended, when' })),
    left_ms: col.maybe(col.ms('Left')),
    then_rows: col.text('Then rows'),
    gap_count: col.maybe(col.count('Gaps')),
    gaps: col.text('Where'),
    next_sql: col.maybe(col.sql('The next partition')),
  },
  key: ['tab'],
  search: ['tab', 'key', 'state'],
  sort: 'left_ms',
  show: ['tab', 'key', 'reads_as', 'state', 'covered_until', 'left_ms', 'then_rows', 'gap_count'],
  needs: [],
  charts: [],
  codes: {
    'partitions.ended': 'No partition holds rows of now: they are refused, or go to DEFAULT.',
    'partitions.runway': 'The partitions end in a few days.',
    'partitions.gap': 'Between two partitions lies a time that none holds.',
  },
  refreshSeconds: 300,
  source: 'facts',
  read: async (ask) => {
    const tables = await ask<Parent>(parents);
    const under = underParents(await ask<Member>(members));
    const byId = new Map(tables.map((table) => [table.id, table]));
    return tables.filter((table) => table.strategy === 'r').map((table) => runwayOf(table, under.get(table.id) ?? [], byId.get(table.parent_id ?? '')));
  },
  findings: (rows, { params }) => rows.flatMap((row) => judge(row, params.days)),
});

type Judged = Omit<RunwayRow, 'state' | 'then_rows'> & { state: string; then_rows: string };

function judge(row: Judged, days: number): Finding[] {
  const evidence = { covered_until: row.covered_until, left_ms: row.left_ms, then_rows: row.then_rows, gaps: row.gaps };
  const remedy = row.next_sql === null ? null : { sql: row.next_sql };
  const found: Finding[] = [];
  const refused = row.then_rows === 'are refused';
  if (row.state === 'ended') {
    const since = row.covered_until === null ? 'No partition reaches to now' : `Its partitions ended on ${formatTime(row.covered_until)}`;
    found.push({ code: 'partitions.ended', severity: refused ? 'critical' : 'warning', about: row.tab, says: `${since}: rows dated now ${row.then_rows}.`, evidence, remedy });
  } else if (row.state === 'covered' && row.left_ms !== null && row.covered_until !== null && row.left_ms < days * dayMs) {
    found.push({ code: 'partitions.runway', severity: refused && row.left_ms < 3 * dayMs ? 'critical' : 'warning', about: row.tab, says: `From ${formatTime(row.covered_until)} on, in ${formatMs(row.left_ms)}, new rows ${row.then_rows}.`, evidence, remedy });
  }
  if ((row.gap_count ?? 0) > 0) {
    found.push({ code: 'partitions.gap', severity: 'info', about: row.tab, says: `No partition holds ${row.gaps}${(row.gap_count ?? 0) > 5 ? ' and more' : ''}: rows dated there ${row.then_rows}.`, evidence: { gap_count: row.gap_count, gaps: row.gaps }, remedy: null });
  }
  return found;
}
