import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { ofPeople, qualified } from '@/lib/pg/relations';
import { sql } from '@/lib/pg/sql';
import { formatCount } from '@/lib/units';
import { counted } from './counted';
import { autovacuumOn, hadTime, insertThreshold, vacuumThreshold } from './thresholds';

export const vacuum = diagnostic({
  name: 'vacuum',
  title: 'Vacuum',
  why: 'Dead rows that nobody removes make tables grow and their scans slow.',
  how: 'Counters of this server against the threshold at which autovacuum comes by each table’s own storage options, else the server’s settings: dead rows, and rows inserted since the last vacuum (from 18 with autovacuum_vacuum_max_threshold, and inserts by the share not frozen). The counters are lost in a crash: then a table looks cleaner than it is. Due is normal for a while: autovacuum looks at a database every autovacuum_naptime.',
  permission: 'stats:read',
  params: { min_rows: param.count('A finding from (rows)', 1000), times: param.count('and from (times the threshold)', 2) },
  row: {
    tab: col.code('Table'),
    dead_rows: col.count('Dead rows'),
    live_rows: col.maybe(col.count('Rows', { note: 'Estimate of the last vacuum or analyze' })),
    dead_ratio: col.maybe(col.ratio('Dead share')),
    threshold: col.count('Comes at', { note: 'Dead rows from which autovacuum vacuums this table' }),
    due_ratio: col.ratio('Of threshold', { note: 'The fuller of dead rows and inserted rows against their thresholds' }),
    inserted: col.count('Inserted since'),
    insert_threshold: col.maybe(col.count('Inserts at', { note: 'Inserted rows from which it vacuums; off where unknown' })),
    auto: col.flag('Autovacuum', { note: 'On for this table' }),
    waited: col.flag('Had time', { note: 'The last vacuum is more than two rounds of autovacuum ago' }),
    running: col.maybe(col.text('Running now', { note: 'Phase of the vacuum at work; unknown without pg_monitor' })),
    last_vacuum: col.maybe(col.time('Vacuumed')),
    last_autovacuum: col.maybe(col.time('By autovacuum')),
    vacuums: col.count('Vacuums', { note: 'Since the statistics were reset' }),
  },
  key: ['tab'],
  search: ['tab'],
  sort: '-due_ratio',
  show: ['tab', 'dead_rows', 'threshold', 'inserted', 'due_ratio', 'auto', 'last_vacuum', 'last_autovacuum'],
  needs: counted,
  charts: [],
  codes: { 'tables.vacuum_overdue': 'Dead or inserted rows are far beyond the threshold at which autovacuum should have come.' },
  actions: [{ action: 'tables.vacuum', from: { table: 'tab' } }, { action: 'tables.storage', from: { table: 'tab' } }],
  refreshSeconds: 30,
  source: 'sql',
  alarm: ({ params }) => sql`d.waited and d.due_ratio >= ${params.times}::float8 and greatest(d.dead_rows, d.inserted) >= ${params.min_rows}::float8`,
  sql: {
    14: ({ server }) => sql`
      with t as materialized (
        select ${qualified} as tab, c.oid, coalesce(pg_stat_get_dead_tuples(c.oid), 0)::float8 as dead_rows, case when c.reltuples >= 0 then c.reltuples::float8 end as live_rows,
          ${vacuumThreshold(server.major)} as threshold, coalesce(pg_stat_get_ins_since_vacuum(c.oid), 0)::float8 as inserted, ${insertThreshold(server.major)} as insert_threshold, ${autovacuumOn} as auto
        from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm') and ${ofPeople}
      )
      select t.tab, t.dead_rows, t.live_rows, t.dead_rows / nullif(t.dead_rows + t.live_rows, 0) as dead_ratio, t.threshold,
        greatest(t.dead_rows / greatest(t.threshold, 1), case when t.insert_threshold is not null then t.inserted / greatest(t.insert_threshold, 1) else 0 end) as due_ratio, t.inserted, t.insert_threshold, t.auto,
        ${hadTime(sql`greatest(pg_stat_get_last_vacuum_time(t.oid), pg_stat_get_last_autovacuum_time(t.oid))`)} as waited,
        case when ${server.isMonitor} then working.phase end as running,
        pg_stat_get_last_vacuum_time(t.oid) as last_vacuum, pg_stat_get_last_autovacuum_time(t.oid) as last_autovacuum,
        (coalesce(pg_stat_get_vacuum_count(t.oid), 0) + coalesce(pg_stat_get_autovacuum_count(t.oid), 0))::float8 as vacuums
      from t left join (select p.relid, min(p.phase) as phase from pg_stat_progress_vacuum p where p.datname = current_database() group by p.relid) working on working.relid = t.oid`,
  },
  findings: (rows, { params }) =>
    rows
      .filter((row) => row.running === null && row.waited && row.due_ratio >= Math.max(1, params.times) && Math.max(row.dead_rows, row.inserted) >= params.min_rows)
      .map((row): Finding => {
        const byDead = row.dead_rows >= params.min_rows && row.dead_rows / Math.max(1, row.threshold) >= Math.max(1, params.times);
        const what = byDead ? `${formatCount(row.dead_rows)} dead rows, autovacuum comes at ${formatCount(row.threshold)}` : `${formatCount(row.inserted)} rows inserted since the last vacuum, autovacuum comes at ${formatCount(row.insert_threshold ?? 0)}`;
        const late = byDead ? 'They died a moment ago and it has not had its turn, or its workers do not keep up, or an old transaction keeps the rows from being removed (see what holds vacuum back).' : 'They came a moment ago and it has not had its turn, or its workers do not keep up.';
        const why = row.auto ? late : 'Autovacuum is off for it: where that is so for this table alone, tables.storage takes it back.';
        return {
          code: 'tables.vacuum_overdue',
          severity: byDead ? 'warning' : 'info',
          about: row.tab,
          says: `${what}. ${why} VACUUM lets reads and writes go on.`,
          evidence: { dead_rows: row.dead_rows, threshold: row.threshold, inserted: row.inserted, insert_threshold: row.insert_threshold, autovacuum: row.auto, last_vacuum: row.last_vacuum, last_autovacuum: row.last_autovacuum },
          remedy: { action: 'tables.vacuum', params: { table: row.tab } },
        };
      }),
});
