import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { ofPeople, qualified, wholes } from '@/lib/pg/relations';
import { sql } from '@/lib/pg/sql';
import { formatCount } from '@/lib/units';
import { counted } from './counted';
import { analyzeThreshold, autovacuumOn, hadTime } from './thresholds';

export const staleStatistics = diagnostic({
  name: 'stale_statistics',
  title: 'Stale statistics',
  why: 'The planner chooses by what the last ANALYZE saw; what has changed since, it does not know.',
  how: 'Rows changed since the last analyze against the threshold at which autovacuum analyzes, by each table’s own storage options, else the server’s settings. Autovacuum never analyzes a partitioned table itself: for one, the rows of its partitions now against those that the parent’s last ANALYZE counted. Never: pg_class holds no count of rows, so neither vacuum nor analyze has run.',
  permission: 'stats:read',
  params: { min_rows: param.count('A finding from (rows)', 1000), times: param.count('and from (times the threshold)', 2) },
  row: {
    tab: col.code('Table'),
    state: col.text('State'),
    row_estimate: col.maybe(col.count('Rows', { note: 'As the planner has them' })),
    changed: col.count('Changed since', { note: 'Inserted, updated and deleted rows; for a partitioned table the difference of its partitions’ rows' }),
    threshold: col.maybe(col.count('Analyzed at', { note: 'Changed rows from which autovacuum analyzes; it never does a partitioned table' })),
    due_ratio: col.maybe(col.ratio('Of threshold')),
    auto: col.flag('Autovacuum', { note: 'On for this table' }),
    waited: col.flag('Had time', { note: 'The last analyze is more than two rounds of autovacuum ago' }),
    last_analyze: col.maybe(col.time('Analyzed')),
    last_autoanalyze: col.maybe(col.time('By autovacuum')),
    partitioned: col.flag('Partitioned'),
  },
  key: ['tab'],
  search: ['tab', 'state'],
  sort: '-due_ratio',
  show: ['tab', 'state', 'row_estimate', 'changed', 'due_ratio', 'auto', 'last_analyze', 'last_autoanalyze'],
  needs: counted,
  charts: [],
  codes: {
    'tables.stale_statistics': 'Far more rows have changed since the last ANALYZE than the threshold at which autovacuum should have come.',
    'tables.never_analyzed': 'A table with rows has no statistics at all: the planner guesses.',
    'tables.parent_never_analyzed': 'A partitioned table has no statistics of its own, and autovacuum will not make them.',
    'tables.parent_stale': 'A partitioned table’s statistics are of another number of rows than its partitions hold.',
  },
  actions: [{ action: 'tables.analyze', from: { table: 'tab' } }],
  refreshSeconds: 60,
  source: 'sql',
  alarm: ({ params }) => sql`d.changed >= ${params.min_rows}::float8 and (case when d.partitioned then d.state <> 'fresh' else d.waited and d.due_ratio >= ${params.times}::float8 end)`,
  sql: {
    14: () => sql`
      with recursive ${wholes}, t as materialized (
        select c.oid, ${qualified} as tab, c.relkind = 'p' as partitioned, c.reltuples, coalesce(pg_stat_get_mod_since_analyze(c.oid), 0)::float8 as changed,
          ${analyzeThreshold} as threshold, ${autovacuumOn} as auto, case when c.relispartition then w.whole end as root
        from pg_class c join pg_namespace n on n.oid = c.relnamespace left join wholes w on w.oid = c.oid where c.relkind in ('r', 'm', 'p') and ${ofPeople}
      ), parts as (
        select l.root, sum(case when l.reltuples >= 0 then l.reltuples else l.changed end)::float8 as holds from t l where l.root is not null and not l.partitioned group by l.root
      ), judged as (
        select t.*, case when t.partitioned then abs(coalesce(p.holds, 0) - greatest(t.reltuples, 0)) else t.changed end as difference, coalesce(p.holds, 0) as holds
        from t left join parts p on p.root = t.oid where not (t.partitioned and t.root is not null)
      )
      select tab, case when reltuples < 0 then 'never analyzed'
          when partitioned and difference > 0.5 * greatest(reltuples, 1) then 'differs from its partitions'
          when not partitioned and difference > threshold then 'due' else 'fresh' end as state,
        case when reltuples >= 0 then reltuples::float8 end as row_estimate, difference as changed, case when not partitioned then threshold end as threshold,
        case when not partitioned then difference / greatest(threshold, 1) end as due_ratio, auto,
        ${hadTime(sql`greatest(pg_stat_get_last_analyze_time(oid), pg_stat_get_last_autoanalyze_time(oid))`)} as waited, pg_stat_get_last_analyze_time(oid) as last_analyze,
        pg_stat_get_last_autoanalyze_time(oid) as last_autoanalyze, partitioned
      from judged`,
  },
  findings: (rows, { params }) =>
    rows.flatMap((row): Finding[] => {
      const found = judge(row, params);
      const evidence = { changed: row.changed, threshold: row.threshold, row_estimate: row.row_estimate, autovacuum: row.auto, last_analyze: row.last_analyze, last_autoanalyze: row.last_autoanalyze };
      return found ? [{ ...found, about: row.tab, evidence, remedy: { action: 'tables.analyze', params: { table: row.tab } } }] : [];
    }),
});

type Row = { state: string; partitioned: boolean; changed: number; threshold: number | null; due_ratio: number | null; waited: boolean; row_estimate: number | null; auto: boolean };

function judge(row: Row, { min_rows: least, times }: { min_rows: number; times: number }): Pick<Finding, 'code' | 'severity' | 'says'> | null {
  if (row.changed < least) return null;
  const changed = formatCount(row.changed);
  if (row.partitioned && row.state === 'never analyzed') {
    return { code: 'tables.parent_never_analyzed', severity: 'warning', says: `Its partitions hold about ${changed} rows, but the table as a whole was never analyzed, and autovacuum never does: joins and groupings over it are planned by guesses. ANALYZE reads a sample of every partition; reads and writes go on.` };
  }
  if (row.partitioned) {
    return row.state === 'fresh' ? null : { code: 'tables.parent_stale', severity: 'info', says: `Its last ANALYZE counted ${formatCount(row.row_estimate ?? 0)} rows, its partitions differ from that by about ${changed}. Autovacuum never analyzes a partitioned table; reads and writes go on meanwhile.` };
  }
  const due = row.waited && (row.due_ratio ?? 0) >= Math.max(1, times);
  if (!due) return null;
  const why = row.auto ? '' : ' Autovacuum is off for it.';
  if (row.state === 'never analyzed') return { code: 'tables.never_analyzed', severity: 'warning', says: `About ${changed} rows were changed and it was never analyzed: the planner guesses.${why} ANALYZE reads a sample; reads and writes go on.` };
  return { code: 'tables.stale_statistics', severity: 'warning', says: `${changed} rows have changed since the last analyze; autovacuum comes at ${formatCount(row.threshold ?? 0)}.${why} ANALYZE reads a sample; reads and writes go on.` };
}
