import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { ofPeople, qualified, tableSizes } from '@/lib/pg/relations';
import { sql, type SQL } from '@/lib/pg/sql';
import { formatBytes } from '@/lib/units';
import { columnsOf } from './tree-sql';

const mask = (name: SQL): SQL => sql`regexp_replace(${name}, '[0-9]+', '#', 'g')`;

export const detached = diagnostic({
  name: 'detached',
  title: 'Detached leftovers',
  why: 'A partition left half detached is gone from its table and blocks the next detach; one forgotten after it costs space and backups.',
  how: 'Pending: pg_inherits says that DETACH CONCURRENTLY did not finish. May be detached: a plain table in the schema of a partition, with the same name but for its digits and the same columns as its partitioned table. That is a likeness, not a proof.',
  permission: 'stats:read',
  params: {},
  row: { tab: col.code('Table'), state: col.text('State'), parent: col.code('Partition of'), total_bytes: col.maybe(col.bytes('Total')), row_estimate: col.maybe(col.count('Rows')) },
  key: ['tab', 'parent'],
  search: ['tab', 'parent'],
  sort: 'state',
  needs: [],
  charts: [],
  codes: {
    'partitions.detach_pending': 'A DETACH CONCURRENTLY did not finish: the rows are gone from the table and inserts for them fail.',
    'partitions.maybe_detached': 'A table that looks like a partition detached earlier.',
  },
  actions: [{ action: 'partitions.attach', from: { table: 'parent', partition: 'tab' } }, { action: 'partitions.detach', from: { partition: 'tab' } }, { action: 'partitions.export', from: { partition: 'tab' } }],
  refreshSeconds: 120,
  source: 'sql',
  sql: {
    14: () => sql`
      with pending as (
        select c.oid, ${qualified} as tab, 'detach pending' as state, i.inhparent as parent
        from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace where i.inhdetachpending and ${ofPeople}
      ), shape as materialized (
        select distinct c.relnamespace as place, ${mask(sql`c.relname`)} as mask, i.inhparent as parent
        from pg_inherits i join pg_partitioned_table p on p.partrelid = i.inhparent join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
        where ${ofPeople} and c.relname ~ '[0-9]'
      ), alike as materialized (
        select c.oid, ${qualified} as tab, s.parent from pg_class c join pg_namespace n on n.oid = c.relnamespace join shape s on s.place = c.relnamespace and s.mask = ${mask(sql`c.relname`)}
        where c.relkind = 'r' and not c.relispartition and ${ofPeople} and not exists (select from pg_inherits i where i.inhrelid = c.oid)
      ), leftover as materialized (
        select * from pending union all
        select oid, tab, 'may be detached', parent from alike where ${columnsOf(sql`alike.oid`)} = ${columnsOf(sql`alike.parent`)}
      )
      select l.tab, l.state, ${qualified} as parent, s.heap_bytes + s.index_bytes + s.toast_bytes as total_bytes, case when t.reltuples >= 0 then t.reltuples::float8 end as row_estimate
      from leftover l join pg_class t on t.oid = l.oid join pg_class c on c.oid = l.parent join pg_namespace n on n.oid = c.relnamespace left join (${tableSizes(sql`select oid from leftover`, { few: true })}) s on s.tab = l.oid`,
  },
  findings: (rows) =>
    rows.map((row): Finding => {
      const evidence = { parent: row.parent, total_bytes: row.total_bytes, row_estimate: row.row_estimate };
      if (row.state === 'detach pending') {
        return {
          code: 'partitions.detach_pending', severity: 'critical', about: row.tab, evidence,
          says: `Half detached from ${row.parent}: its rows no longer show there, inserts for them fail, and no other partition can be detached concurrently. A plain DROP would lose the rows; finishing waits for old queries and keeps the table.`,
          remedy: { action: 'partitions.detach', params: { partition: row.tab } },
        };
      }
      return { code: 'partitions.maybe_detached', severity: 'info', about: row.tab, evidence, says: `May be a detached partition of ${row.parent}: same name but for the digits, same columns${row.total_bytes === null ? '' : `, ${formatBytes(row.total_bytes)}`}.`, remedy: null };
    }),
});
