import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { branchesUnder, members, parents } from './tree-sql';

export const list = diagnostic({
  name: 'list',
  title: 'Partitions',
  why: 'One partition far larger than its siblings, or with all the dead rows, is where to look.',
  how: 'Every partition with its bounds as the catalog writes them, times in UTC; a sub-partitioned one with all that is below it. Sizes as under “Partitioned tables”. Dead rows are this server’s counters.',
  permission: 'stats:read',
  params: { table: param.text('Of table') },
  row: {
    parent: col.code('Table'),
    part: col.code('Partition'),
    bound: col.text('Bounds'),
    state: col.text('State'),
    total_bytes: col.maybe(col.bytes('Total')),
    heap_bytes: col.maybe(col.bytes('Heap')),
    index_bytes: col.maybe(col.bytes('Indexes')),
    toast_bytes: col.maybe(col.bytes('TOAST')),
    row_estimate: col.maybe(col.count('Rows')),
    dead_rows: col.maybe(col.count('Dead rows')),
    kind: col.text('Kind'),
    measured: col.maybe(col.flag('Measured')),
    oid: col.code('OID'),
  },
  key: ['parent', 'part'],
  search: ['parent', 'part', 'bound', 'state'],
  sort: 'part',
  show: ['parent', 'part', 'bound', 'state', 'total_bytes', 'row_estimate', 'dead_rows'],
  needs: [],
  charts: [{ kind: 'bars', title: 'Size by partition', label: 'part', values: ['total_bytes'], top: 12 }],
  codes: {},
  actions: [{ action: 'partitions.detach', from: { partition: 'part' } }, { action: 'partitions.export', from: { partition: 'part' } }],
  refreshSeconds: 60,
  source: 'sql',
  late: {
    by: 'oid',
    columns: ['total_bytes', 'heap_bytes', 'index_bytes', 'toast_bytes', 'row_estimate', 'dead_rows', 'measured'],
    sql: (shown) => sql`select b.rel::text as oid, b.total_bytes, b.heap_bytes, b.index_bytes, b.toast_bytes, b.row_estimate, b.dead_rows, b.measured from (${branchesUnder(shown)}) b`,
  },
  sql: {
    14: ({ params }) => sql`
      with member as materialized (${members}), parent as materialized (${parents})
      select p.tab as parent, m.part, regexp_replace(coalesce(m.bound, ''), '^FOR VALUES ', '') as bound, case when m.pending then 'detach pending' else 'attached' end as state,
        case m.kind when 'p' then 'sub-partitioned' when 'f' then 'foreign table' else 'table' end as kind, m.id as oid
      from member m join parent p on p.id = m.parent_id
      where ${params.table}::text in ('', p.tab, p.rel_name, p.schema_name || '.' || p.rel_name)`,
  },
  findings: () => [],
});
