import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { ofPeople, qualified, relOption, tableSizes, wholes } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';
import { formatCount, formatRatio } from '@/lib/units';

/** `oid` and what has to be read of every file, of the tables and partitioned tables that `shown` (a query of one column of OIDs as text) names. A partition that is being detached stands for itself. */
const filesSql = (shown: SQL): SQL => sql`
      with recursive below(whole, oid) as (
        select w.oid::oid, w.oid::oid from (${shown}) w(oid)
        union all
        select below.whole, i.inhrelid from below join pg_inherits i on i.inhparent = below.oid and not i.inhdetachpending join pg_class p on p.oid = below.oid and p.relkind = 'p'
      ), summed as (
        select below.whole, sum(s.heap_bytes) as heap_bytes, sum(s.index_bytes) as index_bytes, sum(s.toast_bytes) as toast_bytes, bool_and(s.measured) as measured,
          sum(s.hit)::float8 / nullif(sum(s.fetched)::float8, 0) as hit_ratio, case when bool_and(s.reltuples >= 0) then sum(s.reltuples)::float8 end as row_estimate
        from below join (${tableSizes(sql`select oid from below`, { blocks: true })}) s on s.tab = below.oid group by below.whole
      )
      select whole::text as oid, heap_bytes + index_bytes + toast_bytes as total_bytes, heap_bytes, index_bytes, toast_bytes, (heap_bytes + toast_bytes) / nullif(row_estimate, 0) as row_bytes, hit_ratio, measured
      from summed`;

export const size = diagnostic({
  name: 'size',
  title: 'Table sizes',
  why: 'What is big costs backups, cache and vacuum; what is small enough is not worth a thought.',
  how: 'Sizes of the files, as pg_total_relation_size counts them, for the thousand largest files and those never vacuumed; the rest by the pages that the last vacuum or analyze counted. Rows are the estimate of the last vacuum or analyze. Cache hits and HOT updates count since the statistics were last reset, or lost in a crash, on this server alone. Foreign tables are left out.',
  permission: 'stats:read',
  params: { partitions: param.choice('Partitions', ['in their table', 'each']) },
  row: {
    tab: col.code('Table'),
    total_bytes: col.bytes('Total'),
    heap_bytes: col.bytes('Heap'),
    index_bytes: col.bytes('Indexes'),
    toast_bytes: col.bytes('TOAST'),
    row_estimate: col.maybe(col.count('Rows', { note: 'Estimate of the last vacuum or analyze; unknown where there was none' })),
    row_bytes: col.maybe(col.bytes('Bytes a row', { note: 'Heap and TOAST against the estimated rows' })),
    partition_count: col.count('Partitions'),
    fill_factor: col.maybe(col.count('Fill factor', { note: 'Per cent of a page that inserts fill; partitions have their own' })),
    hit_ratio: col.maybe(col.ratio('Cache hits', { note: 'Blocks of the heap, its indexes and its TOAST found in the buffer cache' })),
    updates: col.count('Updates'),
    hot_ratio: col.maybe(col.ratio('HOT share', { note: 'Updates that needed no new index entries' })),
    new_page_ratio: col.maybe(col.ratio('To another page', { note: 'Updates whose new row found no room on its page; from PostgreSQL 16' })),
    measured: col.flag('Measured', { note: 'No: some of it by the pages of the last vacuum or analyze' }),
    oid: col.code('OID'),
  },
  key: ['tab'],
  search: ['tab'],
  sort: '-total_bytes',
  show: ['tab', 'total_bytes', 'heap_bytes', 'index_bytes', 'toast_bytes', 'row_estimate', 'partition_count', 'hit_ratio', 'hot_ratio'],
  needs: [],
  charts: [{ kind: 'bars', title: 'Size by table', label: 'tab', values: ['total_bytes'], top: 10 }],
  codes: { 'tables.low_hot': 'Most updates of a table found no room on their page, so every index got a new entry.' },
  actions: [
    { action: 'tables.vacuum', from: { table: 'tab' } }, { action: 'tables.analyze', from: { table: 'tab' } }, { action: 'tables.reindex', from: { table: 'tab' } },
    { action: 'tables.storage', from: { table: 'tab' } }, { action: 'partitions.partition_table', from: { table: 'tab' } },
  ],
  refreshSeconds: 60,
  sample: { everyMinutes: 60, keepDays: 90, values: ['total_bytes', 'row_estimate'] },
  source: 'sql',
  alarm: () => sql`d.updates >= 10000 and d.new_page_ratio >= 0.5`,
  late: { by: 'oid', columns: ['total_bytes', 'heap_bytes', 'index_bytes', 'toast_bytes', 'row_bytes', 'hit_ratio', 'measured'], sql: filesSql },
  sql: {
    14: ({ params, server }) => {
      const together = params.partitions === 'in their table';
      const moved = server.major >= 16 ? sql`pg_stat_get_tuples_newpage_updated(c.oid)` : sql`null::bigint`;
      return sql`
      with recursive ${wholes}, leaf as (
        select ${together ? sql`coalesce(w.whole, c.oid)` : sql`c.oid`} as whole, c.reltuples, pg_stat_get_tuples_updated(c.oid) as updates, pg_stat_get_tuples_hot_updated(c.oid) as hot, ${moved} as moved
        from pg_class c join pg_namespace n on n.oid = c.relnamespace ${together ? sql`left join wholes w on w.oid = c.oid` : sql``} where c.relkind in ('r', 'm') and ${ofPeople}
      ), summed as (
        select whole, count(*) as parts, case when bool_and(reltuples >= 0) then sum(reltuples)::float8 end as row_estimate, sum(updates)::float8 as updates, sum(hot)::float8 as hot, sum(moved)::float8 as moved
        from leaf group by whole
      )
      select ${qualified} as tab, t.row_estimate, case when c.relkind = 'p' then t.parts else 0 end as partition_count,
        case when c.relkind <> 'p' then coalesce(${relOption('fillfactor')}::int, 100) end as fill_factor,
        t.updates, t.hot / nullif(t.updates, 0) as hot_ratio, t.moved / nullif(t.updates, 0) as new_page_ratio, c.oid::text as oid
      from summed t join pg_class c on c.oid = t.whole join pg_namespace n on n.oid = c.relnamespace`;
    },
  },
  findings: (rows) =>
    rows
      .filter((row) => row.updates >= 10_000 && (row.new_page_ratio ?? 0) >= 0.5)
      .map((row): Finding => ({
        code: 'tables.low_hot',
        severity: 'info',
        about: row.tab,
        says: `${formatRatio(row.new_page_ratio ?? 0)} of ${formatCount(row.updates)} updates found no room on their page, so each index got a new entry. A lower fill factor leaves room; it makes the table larger, and holds for pages written from now on.`,
        evidence: { updates: row.updates, new_page_ratio: row.new_page_ratio, hot_ratio: row.hot_ratio, fill_factor: row.fill_factor },
        remedy: row.partition_count > 0 ? null : { action: 'tables.storage', params: { table: row.tab, fillfactor: String(Math.max(50, (row.fill_factor ?? 100) - 15)) } },
      })),
});
