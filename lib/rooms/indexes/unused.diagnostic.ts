import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { formatMs, MiB } from '@/lib/units';
import { countedFor, counters, dropping, late, sized, sizeNote } from './catalog';
import { unusedSql } from './unused-sql';

const dayMs = 86_400_000;

export const unused = diagnostic({
  name: 'unused',
  title: 'Unused',
  why: 'An index that nobody reads is maintained by every write, vacuumed, backed up and kept in memory.',
  how: 'Indexes without one scan since the statistics were last reset, parts of a partitioned index counted together. Kept: what enforces a constraint or uniqueness, is the replica identity, is marked for CLUSTER, or supports a foreign key, in part where no other does better. Not known yet: statistics that are too young, a table that hardly anybody read in that time, an index that is younger than that (told by track_commit_timestamp only: without it an index made yesterday looks unused). Scans on standbys are counted there.',
  permission: 'stats:read',
  params: {
    min_days: param.count('Counted for at least (days)', 30),
    min_table_scans: param.count('Scans of the table at least', 100),
    show: param.choice('Show', ['without a reason to keep', 'all']),
  },
  row: {
    index: col.code('Index'),
    table: col.code('Table'),
    verdict: col.text('Verdict'),
    reason: col.text('Because'),
    pages_bytes: col.bytes('Size at last VACUUM', { note: 'Pages at the last VACUUM, ANALYZE or build' }),
    size_bytes: col.maybe(col.bytes('Size', { note: sizeNote })),
    writes: col.count('Writes', { note: 'Inserts and updates that were not HOT, each of which maintains the index' }),
    table_scans: col.count('Scans of the table', { note: 'Sequential and index scans in the same time' }),
    parts: col.count('Parts'),
    partitioned: col.flag('Partitioned'),
    expression: col.flag('On an expression', { note: 'The planner has statistics of the expression through it, although it is never scanned' }),
    created_at: col.maybe(col.time('Made', { note: 'From track_commit_timestamp, where it is on' })),
    tablespace: col.maybe(col.code('Tablespace')),
    definition: col.maybe(col.sql('Definition')),
    oid: col.code('OID'),
  },
  key: ['oid'],
  search: ['index', 'table', 'reason'],
  sort: '-pages_bytes',
  show: ['index', 'table', 'verdict', 'reason', 'size_bytes', 'writes'],
  needs: [{ primary: 'A standby counts only its own scans, and an index can be dropped on the primary only: ask there.' }],
  charts: [{ kind: 'bars', title: 'Size', label: 'index', values: ['size_bytes'], top: 10 }],
  codes: { 'indexes.unused': 'An index has not been scanned since the statistics were reset, long ago, and nothing needs it.' },
  context: counters,
  actions: [{ action: 'indexes.drop', from: { index: 'index' } }],
  refreshSeconds: 300,
  source: 'sql',
  alarm: ({ params }) => sql`${countedFor(params.min_days)} and d.verdict = 'unused'`,
  late,
  sql: { 14: ({ params }) => unusedSql(params.min_days * dayMs, params.min_table_scans, params.show === 'all') },
  findings: (rows, { context }) =>
    rows
      .filter((row) => row.verdict === 'unused')
      .map((row) => {
        const standbys = context?.standbys ?? 0;
        const elsewhere = standbys > 0 ? ` ${standbys} ${standbys === 1 ? 'standby' : 'standbys'} may read it, which is counted there: look before it goes.` : '';
        const young = row.created_at === null ? ' When it was made is not recorded: a new index looks the same.' : '';
        const estimates = row.expression ? ' The planner loses the statistics of its expression.' : '';
        return {
          code: 'indexes.unused',
          severity: standbys === 0 && (row.size_bytes ?? row.pages_bytes) >= 10 * MiB ? 'warning' : 'info',
          about: row.index,
          says: `Not scanned once in ${formatMs(context?.age_ms ?? 0)}${sized(row.size_bytes)}, while its table was written ${row.writes} and scanned ${row.table_scans} times.${elsewhere}${young}${estimates}`,
          evidence: { scans: 0, size_bytes: row.size_bytes, writes: row.writes, table_scans: row.table_scans, parts: row.parts, since_at: context?.since_at ?? null, standbys },
          remedy: dropping(row),
        };
      }),
});
