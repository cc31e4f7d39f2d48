import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { sql } from '@/lib/pg/sql';
import { branches, parents } from './tree-sql';

export const tables = diagnostic({
  name: 'tables',
  title: 'Partitioned tables',
  why: 'What is partitioned, how, and how much of it there is.',
  how: 'From the catalogs, sub-partitioned tables too, each with all that is below it. Sizes of the files where they are among the thousand largest or were never vacuumed, else the pages of the last vacuum or analyze. Rows are estimates of the last vacuum or analyze of the partitions, unknown where one was never counted. Foreign partitions are counted and have no size here.',
  permission: 'stats:read',
  params: {},
  row: {
    tab: col.code('Table'),
    strategy: col.text('Strategy'),
    key: col.code('Key'),
    partition_count: col.count('Partitions', { note: 'Directly under it' }),
    leaf_count: col.count('Leaves', { note: 'Tables with rows, at any depth' }),
    sub_count: col.count('Sub-partitioned', { note: 'Of its partitions, those that are partitioned themselves' }),
    total_bytes: col.bytes('Total'),
    heap_bytes: col.bytes('Heap'),
    index_bytes: col.bytes('Indexes'),
    toast_bytes: col.bytes('TOAST'),
    row_estimate: col.maybe(col.count('Rows')),
    default_name: col.maybe(col.code('DEFAULT')),
    default_rows: col.maybe(col.count('Rows in DEFAULT', { note: 'Estimate; exact to ten thousand under “Rows in DEFAULT”' })),
    pending_count: col.count('Detach pending'),
    parent: col.maybe(col.code('Partition of')),
    measured: col.flag('Measured', { note: 'No: some of it by the pages of the last vacuum or analyze' }),
  },
  key: ['tab'],
  search: ['tab', 'key', 'strategy'],
  sort: '-total_bytes',
  show: ['tab', 'strategy', 'key', 'partition_count', 'total_bytes', 'row_estimate', 'default_name', 'default_rows'],
  needs: [],
  charts: [{ kind: 'bars', title: 'Size by partitioned table', label: 'tab', values: ['total_bytes'], top: 10 }],
  codes: {},
  actions: [{ action: 'partitions.create', from: { table: 'tab' } }, { action: 'partitions.archive', from: { table: 'tab' } }, { action: 'partitions.restore', from: { table: 'tab' } }],
  refreshSeconds: 60,
  source: 'sql',
  sql: {
    14: () => sql`
      with parent as materialized (${parents}), branch as materialized (${branches}), direct as (
        select i.inhparent as id, count(*) as partition_count, count(*) filter (where k.relkind = 'p') as sub_count, count(*) filter (where i.inhdetachpending) as pending_count
        from pg_inherits i join pg_partitioned_table p on p.partrelid = i.inhparent join pg_class k on k.oid = i.inhrelid group by i.inhparent
      )
      select parent.tab, case parent.strategy when 'r' then 'range' when 'l' then 'list' when 'h' then 'hash' else parent.strategy end as strategy, parent.key,
        coalesce(d.partition_count, 0) as partition_count, coalesce(b.leaf_count, 0) as leaf_count, coalesce(d.sub_count, 0) as sub_count,
        coalesce(b.total_bytes, 0) as total_bytes, coalesce(b.heap_bytes, 0) as heap_bytes, coalesce(b.index_bytes, 0) as index_bytes, coalesce(b.toast_bytes, 0) as toast_bytes,
        case when b.rel is null then 0 else b.row_estimate end as row_estimate, case when f.oid is not null then format('%I.%I', fn.nspname, f.relname) end as default_name,
        case when f.oid is null then null else e.row_estimate end as default_rows, coalesce(d.pending_count, 0) as pending_count,
        (select up.tab from parent up where up.id = parent.parent_id) as parent, coalesce(b.measured, true) as measured
      from parent join pg_partitioned_table p on p.partrelid = parent.id::oid left join direct d on d.id = parent.id::oid left join branch b on b.rel = parent.id::oid
      left join pg_class f on f.oid = p.partdefid left join pg_namespace fn on fn.oid = f.relnamespace left join branch e on e.rel = f.oid`,
  },
  findings: () => [],
});
