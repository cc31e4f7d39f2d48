import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { ofPeople, qualified, relOption, tableSizes } from '@/lib/pg/relations';
import { sql } from '@/lib/pg/sql';
import { formatCount, formatRatio } from '@/lib/units';

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
  sql: {
    14: ({ params, server }) => {
      const whole = params.partitions === 'in their table' ? sql`case when c.relispartition then coalesce(pg_partition_root(c.oid)::oid, c.oid) else c.oid end` : sql`c.oid`;
      const moved = server.major >= 16 ? sql`sum(pg_stat_get_tuples_newpage_updated(c.oid))::float8` : sql`null::float8`;
      return sql`
      with leaf as materialized (
        select c.oid, ${whole} as whole, c.reltuples, c.reltoastrelid
        from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm') and ${ofPeople}
      ), blocks as (
        select f.tab, sum(pg_stat_get_blocks_fetched(f.rel)) as fetched, sum(pg_stat_get_blocks_hit(f.rel)) as hit
        from (select oid as tab, oid as rel from leaf union all select oid, reltoastrelid from leaf where reltoastrelid <> 0
          union all select i.indrelid, i.indexrelid from pg_index i join leaf on leaf.oid = i.indrelid) f group by f.tab
      ), summed as (
        select leaf.whole, count(*) as parts, sum(s.heap_bytes) as heap_bytes, sum(s.index_bytes) as index_bytes, sum(s.toast_bytes) as toast_bytes,
          case when bool_and(leaf.reltuples >= 0) then sum(leaf.reltuples)::float8 end as row_estimate, bool_and(s.measured) as measured,
          sum(b.hit)::float8 as hit, sum(b.fetched)::float8 as fetched, sum(pg_stat_get_tuples_updated(c.oid))::float8 as updates,
          sum(pg_stat_get_tuples_hot_updated(c.oid))::float8 as hot, ${moved} as moved
        from leaf join pg_class c on c.oid = leaf.oid join (${tableSizes(sql`select oid from leaf`)}) s on s.tab = leaf.oid left join blocks b on b.tab = leaf.oid
        group by leaf.whole
      )
      select ${qualified} as tab, t.heap_bytes + t.index_bytes + t.toast_bytes as total_bytes, t.heap_bytes, t.index_bytes, t.toast_bytes, t.row_estimate,
        (t.heap_bytes + t.toast_bytes) / nullif(t.row_estimate, 0) as row_bytes,
        case when c.relkind = 'p' then t.parts else 0 end as partition_count,
        case when c.relkind <> 'p' then coalesce(${relOption('fillfactor')}::int, 100) end as fill_factor,
        t.hit / nullif(t.fetched, 0) as hit_ratio, t.updates, t.hot / nullif(t.updates, 0) as hot_ratio, t.moved / nullif(t.updates, 0) as new_page_ratio, t.measured
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
