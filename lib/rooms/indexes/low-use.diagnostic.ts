import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql, type SQL } from '@/lib/pg/sql';
import { formatCount, formatMs, MiB } from '@/lib/units';
import { busy, countedFor, counters, held, late, scanned, sized, sizeNote, supporting, tree } from './catalog';

const dayMs = 86_400_000;

const lowUseSql = (minBytes: number, minWrites: number): SQL => sql`
      select format('%I.%I', n.nspname, i.relname) as index, format('%I.%I', tn.nspname, t.relname) as "table", s.scans, s.writes, s.writes / s.scans as writes_per_scan,
        s.pages_bytes, s.parts::int as parts, s.supports, i.oid::text as oid
      from (
        with recursive ${tree}, ${scanned}, ${held}, ${busy}, ${supporting}
        select s.*, x.indrelid, supporting.supports
        from scanned s join pg_index x on x.indexrelid = s.root left join supporting on supporting.indexrelid = s.root
        where s.scans > 0 and s.pages_bytes >= ${minBytes}::float8 and s.writes >= s.scans * ${minWrites}::float8
          and not x.indisunique and not x.indisexclusion and not x.indisreplident and s.root not in (select conindid from held)
      ) s join pg_class i on i.oid = s.root join pg_namespace n on n.oid = i.relnamespace
        join pg_class t on t.oid = s.indrelid join pg_namespace tn on tn.oid = t.relnamespace`;

export const lowUse = diagnostic({
  name: 'low_use',
  title: 'Big and seldom used',
  why: 'An index that is written a thousand times for each time that it is read may cost more than the few queries it helps.',
  how: 'Scans against the writes that maintain the index (inserts, and updates that were not HOT), in the same time, on this server. Indexes that enforce something are left out. A scan counts the same whether it saves a millisecond or an hour: a report that runs once a month can be worth its index. Look at who uses it before anything else.',
  permission: 'stats:read',
  params: {
    min_bytes: param.bytes('Index at least (bytes)', 10 * MiB),
    min_writes: param.count('Writes for a scan at least', 1000),
    min_days: param.count('Counted for at least (days)', 30),
  },
  row: {
    index: col.code('Index'),
    table: col.code('Table'),
    scans: col.count('Scans'),
    writes: col.count('Writes'),
    writes_per_scan: col.count('Writes for a scan'),
    pages_bytes: col.bytes('Size at last VACUUM'),
    size_bytes: col.maybe(col.bytes('Size', { note: sizeNote })),
    parts: col.count('Parts'),
    supports: col.maybe(col.code('Foreign keys', { note: 'Their checks use it' })),
    definition: col.maybe(col.sql('Definition')),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['index', 'table'],
  sort: '-pages_bytes',
  show: ['index', 'table', 'scans', 'writes', 'writes_per_scan', 'size_bytes', 'supports', 'definition'],
  needs: [{ primary: 'A standby counts only its own scans, and an index can be dropped on the primary only: ask there.' }],
  charts: [],
  codes: { 'indexes.low_use': 'A big index is written far more often than it is read.' },
  context: counters,
  actions: [{ action: 'indexes.drop', from: { index: 'index' } }],
  refreshSeconds: 300,
  source: 'sql',
  alarm: ({ params }) => sql`${countedFor(params.min_days)} and d.supports is null`,
  late,
  sql: { 14: ({ params }) => lowUseSql(params.min_bytes, params.min_writes) },
  findings: (rows, { params, context }) =>
    // Young counters say nothing about a rare reader: the rows are shown, and no more.
    context?.age_ms === null || context === null || context.age_ms < params.min_days * dayMs
      ? []
      : rows
          .filter((row) => row.supports === null)
          .map((row) => ({
            code: 'indexes.low_use',
            severity: 'info',
            about: row.index,
            says: `Scanned ${formatCount(row.scans)} times and written ${formatCount(row.writes)} times in ${formatMs(context.age_ms ?? 0)}${sized(row.size_bytes)}. Whether the few scans are worth it, the counters cannot tell.${context.standbys > 0 ? ` ${context.standbys} ${context.standbys === 1 ? 'standby' : 'standbys'} may read it as well.` : ''}`,
            evidence: { scans: row.scans, writes: row.writes, size_bytes: row.size_bytes, since_at: context.since_at, standbys: context.standbys },
            remedy: null,
          })),
});
