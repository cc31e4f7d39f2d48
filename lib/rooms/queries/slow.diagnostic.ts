import { col } from '@/lib/kit/column';
import { diagnostic, type ServerFacts } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';
import { param } from '@/lib/kit/param';
import { ident, sql, type SQL } from '@/lib/pg/sql';
import { formatMs, formatRatio } from '@/lib/units';

/** The extension can live in any schema. */
const statements = (server: ServerFacts, view: string): SQL => ident(server.extensions.get('pg_stat_statements')?.schema ?? 'public', view);

/** The block-time columns follow the extension's version: renamed to shared_blk_* in 1.11. Read through JSON, a missing one is NULL. */
const ioTime = sql`coalesce((to_jsonb(s)->>'shared_blk_read_time')::float8, (to_jsonb(s)->>'blk_read_time')::float8, 0)
  + coalesce((to_jsonb(s)->>'shared_blk_write_time')::float8, (to_jsonb(s)->>'blk_write_time')::float8, 0)`;

/** Statements of the console's diagnostics carry a marker; a utility statement that sets a password holds it in clear text. */
const own = sql`query like '%/* riskdesk:%'`;
const shownText = sql`regexp_replace(s.query, '(\\mpassword\\s+)(e?''.*)$', '\\1''…''', 'is')`;

const ratio = (part: SQL, whole: SQL): SQL => sql`(${part})::float8 / nullif((${whole})::float8, 0)`;

export const slow = diagnostic({
  name: 'slow',
  title: 'Slow statements',
  why: 'A statement that is slow on average, or cheap but called without end, is where the server’s time goes.',
  how: 'From pg_stat_statements, per statement shape, role and nesting level of this database. Means hide outliers: compare them with the maximum and the deviation. I/O time needs track_io_timing. Statements of this console’s own diagnostics are left out.',
  permission: 'stats:read',
  params: { min_mean_ms: param.ms('Mean at least (ms)', 100) },
  row: {
    query: col.sql('Statement'),
    usr: col.code('Role'),
    calls: col.count('Calls'),
    total_ms: col.ms('Total time'),
    share_ratio: col.maybe(col.ratio('Share', { note: 'Of the execution time of all statements of this database' })),
    mean_ms: col.ms('Mean'),
    max_ms: col.ms('Maximum'),
    stddev_ms: col.ms('Deviation'),
    row_count: col.count('Rows'),
    rows_per_call: col.maybe(col.count('Rows a call')),
    hit_ratio: col.maybe(col.ratio('Cache hits', { note: 'Shared blocks found in the buffer cache' })),
    io_ms: col.ms('I/O time', { note: 'Time to read and write blocks; 0 while track_io_timing is off' }),
    temp_bytes: col.bytes('Temporary files', { note: 'Written by sorts and hashes that did not fit work_mem' }),
    wal_bytes: col.bytes('WAL'),
    toplevel: col.flag('Top level', { note: 'No: called from inside a function' }),
    queryid: col.maybe(col.code('Query id')),
    userid: col.code('Role OID'),
  },
  key: ['queryid', 'userid', 'toplevel'],
  search: ['query', 'usr', 'queryid'],
  sort: '-total_ms',
  show: ['query', 'calls', 'total_ms', 'share_ratio', 'mean_ms', 'max_ms', 'row_count', 'hit_ratio', 'io_ms'],
  needs: [
    { extension: 'pg_stat_statements', minVersion: '1.9', loadedWhen: 'pg_stat_statements.max' },
    {
      setting: 'pg_stat_statements.track',
      not: 'none',
      says: 'pg_stat_statements.track is none: no statement is counted.',
      remedy: "ALTER SYSTEM SET pg_stat_statements.track = 'top';\nSELECT pg_reload_conf();",
    },
    {
      setting: 'compute_query_id',
      not: 'off',
      says: 'compute_query_id is off: pg_stat_statements cannot tell statements apart and counts none.',
      remedy: "ALTER SYSTEM SET compute_query_id = 'auto';\nSELECT pg_reload_conf();",
    },
  ],
  charts: [
    { kind: 'bars', title: 'Total time by statement', label: 'query', values: ['total_ms'], top: 10 },
    { kind: 'bars', title: 'Mean time by statement', label: 'query', values: ['mean_ms'], top: 10 },
  ],
  codes: {
    'queries.slow': 'A statement’s mean time is above the threshold and it has been called more than once.',
    'queries.evicted': 'pg_stat_statements had to forget statements: totals are too low and some statements are missing.',
    'queries.hidden': 'The monitoring role may not see the statements of other roles.',
  },
  context: {
    row: {
      stats_reset: col.maybe(col.time('Counting since')),
      evicted: col.count('Evictions', { note: 'Times that the least used entries were dropped to make room' }),
      tracked: col.count('Statements kept'),
      most: col.count('Room for'),
      hidden: col.count('Hidden from us'),
      io_timed: col.flag('I/O timed'),
    },
    sql: ({ server }) => sql`
      select i.stats_reset, i.dealloc as evicted, t.tracked, t.hidden, current_setting('pg_stat_statements.max')::int as most,
        current_setting('track_io_timing')::bool as io_timed
      from ${statements(server, 'pg_stat_statements_info')} i,
        (select count(*) as tracked, count(*) filter (where queryid is null) as hidden from ${statements(server, 'pg_stat_statements')}(false)) t`,
    since: (facts) => facts.stats_reset,
  },
  refreshSeconds: 15,
  source: 'sql',
  sql: {
    14: ({ params, server }) => sql`
      with counted as (
        select * from ${statements(server, 'pg_stat_statements')}
        where dbid = (select oid from pg_database where datname = current_database())
      )
      select ${shownText} as query, pg_get_userbyid(s.userid)::text as usr, s.calls, s.total_exec_time as total_ms,
        ${ratio(sql`s.total_exec_time`, sql`(select sum(total_exec_time) from counted)`)} as share_ratio,
        s.mean_exec_time as mean_ms, s.max_exec_time as max_ms, s.stddev_exec_time as stddev_ms,
        s.rows as row_count, ${ratio(sql`s.rows`, sql`s.calls`)} as rows_per_call,
        ${ratio(sql`s.shared_blks_hit`, sql`s.shared_blks_hit + s.shared_blks_read`)} as hit_ratio,
        ${ioTime} as io_ms,
        s.temp_blks_written * current_setting('block_size')::bigint as temp_bytes, s.wal_bytes::float8 as wal_bytes,
        s.toplevel, s.queryid::text as queryid, s.userid::text as userid
      from counted s
      where not ${own} and s.mean_exec_time >= ${params.min_mean_ms}::float8`,
  },
  findings: (rows, { params, context }) => {
    const found: Finding[] = rows
      .filter((row) => row.calls > 1 && row.mean_ms >= Math.max(params.min_mean_ms, 1))
      .slice(0, 20)
      .map((row) => ({
        code: 'queries.slow',
        severity: row.mean_ms >= 1000 || (row.share_ratio ?? 0) >= 0.2 ? 'warning' : 'info',
        about: oneLine(row.query),
        says: `Takes ${formatMs(row.mean_ms)} on average over ${row.calls} calls by ${row.usr}${row.share_ratio === null ? '' : `, ${formatRatio(row.share_ratio)} of the database’s execution time`}.`,
        evidence: { queryid: row.queryid, calls: row.calls, mean_ms: row.mean_ms, max_ms: row.max_ms, total_ms: row.total_ms, stddev_ms: row.stddev_ms },
        remedy: null,
      }));
    if (context && context.evicted > 0) {
      found.push({
        code: 'queries.evicted',
        severity: 'info',
        about: 'pg_stat_statements',
        says: `Entries were evicted ${context.evicted} times because more than ${context.most} different statements ran. Totals are too low; rare statements may be missing.`,
        evidence: { evicted: context.evicted, most: context.most },
        remedy: { sql: `-- needs a restart and about 2 kB of shared memory an entry\nALTER SYSTEM SET pg_stat_statements.max = ${context.most * 2};` },
      });
    }
    if (context && context.hidden > 0) {
      found.push({
        code: 'queries.hidden',
        severity: 'warning',
        about: 'pg_stat_statements',
        says: `${context.hidden} statements of other roles are hidden: the monitoring role is not a member of pg_monitor. What is shown is not the whole.`,
        evidence: { hidden: context.hidden, tracked: context.tracked },
        remedy: { sql: 'GRANT pg_monitor TO <the monitoring role>;' },
      });
    }
    return found;
  },
});

const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
};
