import { col } from '@/lib/kit/column';
import { diagnostic, type SqlContext } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql, type SQL } from '@/lib/pg/sql';
import { blockSize, counters, late, sizeNote, tree } from './catalog';

const params = {
  partitions: param.choice('Partitioned indexes', ['as one', 'each part']),
  low_scans: param.count('Low usage below (scans)', 100),
};

/** The guide's states: never scanned, scanned seldom, or active. */
const usageSql = (lastScan: SQL) => ({ params: { partitions, low_scans: low } }: SqlContext<typeof params>) => {
  const whole = partitions === 'as one';
  const top = whole ? sql`tree.root` : sql`tree.leaf`;
  return sql`
      select format('%I.%I', n.nspname, i.relname) as index, format('%I.%I', tn.nspname, t.relname) as "table",
        case when u.scans = 0 then 'UNUSED' when u.scans < ${low}::float8 then 'LOW_USAGE' else 'ACTIVE' end as usage,
        u.scans, u.last_scan_at, u.pages_bytes, u.tuples_read, u.tuples_fetched,
        u.hit / nullif(u.fetched, 0) as hit_ratio, u.parts::int as parts, am.amname::text as method,
        case when x.indisprimary then 'primary key' when x.indisexclusion then 'exclusion' when x.indisunique then 'unique' else 'none' end as enforces,
        x.indisvalid as valid, i.oid::text as oid
      from (
        with recursive ${tree}
        select ${top} as oid, count(*) filter (where c.relkind = 'i') as parts, sum(pg_stat_get_numscans(c.oid))::float8 as scans, ${lastScan} as last_scan_at,
          sum(pg_stat_get_tuples_returned(c.oid))::float8 as tuples_read, sum(pg_stat_get_tuples_fetched(c.oid))::float8 as tuples_fetched,
          sum(pg_stat_get_blocks_fetched(c.oid))::float8 as fetched, sum(pg_stat_get_blocks_hit(c.oid))::float8 as hit,
          sum(greatest(c.relpages, 0))::float8 * ${blockSize} as pages_bytes
        from tree join pg_class c on c.oid = tree.leaf
        where ${whole} or c.relkind = 'i'
        group by ${top}
      ) u join pg_class i on i.oid = u.oid join pg_namespace n on n.oid = i.relnamespace join pg_index x on x.indexrelid = u.oid
        join pg_class t on t.oid = x.indrelid join pg_namespace tn on tn.oid = t.relnamespace join pg_am am on am.oid = i.relam`;
};

export const usage = diagnostic({
  name: 'usage',
  title: 'Usage and size',
  why: 'Every index costs writes, memory and disk; scans are what it gives back.',
  how: 'Scans, tuples and blocks from the statistics of this server since they were last reset: a standby counts its own. Enforcing uniqueness is not a scan. UNUSED is never scanned, LOW_USAGE below the threshold, ACTIVE the rest; whether an index can go is asked under Unused. The order is by pages at the last VACUUM, ANALYZE or build; the exact size is read for the rows shown.',
  permission: 'stats:read',
  params,
  row: {
    index: col.code('Index'),
    table: col.code('Table'),
    usage: col.code('Usage'),
    scans: col.count('Scans'),
    last_scan_at: col.maybe(col.time('Last scan', { note: 'PostgreSQL 16 and newer' })),
    pages_bytes: col.bytes('Size at last VACUUM', { note: 'Pages at the last VACUUM, ANALYZE or build' }),
    size_bytes: col.maybe(col.bytes('Size', { note: sizeNote })),
    tuples_read: col.count('Entries read'),
    tuples_fetched: col.count('Rows fetched', { note: 'Live rows fetched by plain index scans' }),
    hit_ratio: col.maybe(col.ratio('Cache hits', { note: 'Blocks of the index found in the buffer cache' })),
    parts: col.count('Parts', { note: 'Indexes of partitions counted together' }),
    method: col.code('Method'),
    enforces: col.text('Enforces'),
    valid: col.flag('Valid'),
    definition: col.maybe(col.sql('Definition')),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['index', 'table', 'usage'],
  sort: '-pages_bytes',
  show: ['index', 'table', 'usage', 'scans', 'last_scan_at', 'size_bytes', 'hit_ratio', 'parts'],
  needs: [],
  charts: [
    { kind: 'bars', title: 'Size', label: 'index', values: ['size_bytes'], top: 10 },
    { kind: 'bars', title: 'Scans', label: 'index', values: ['scans'], top: 10 },
  ],
  codes: {},
  context: counters,
  actions: [{ action: 'indexes.reindex', from: { index: 'index' } }, { action: 'indexes.drop', from: { index: 'index' } }],
  refreshSeconds: 60,
  source: 'sql',
  late,
  sql: { 14: usageSql(sql`null::timestamptz`), 16: usageSql(sql`max(pg_stat_get_lastscan(c.oid))`) },
  findings: () => [],
});
