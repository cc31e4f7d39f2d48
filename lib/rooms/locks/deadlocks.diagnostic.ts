import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { sql } from '@/lib/pg/sql';
import { databaseFindings } from './database-findings';

export const deadlocks = diagnostic({
  name: 'deadlocks',
  title: 'Deadlocks, rollbacks and spills',
  why: 'What each database has run into since its counters began: transactions that PostgreSQL ended to break a deadlock, rollbacks, queries cancelled by recovery, and temporary files.',
  how: 'From pg_stat_database. The counters only grow: they tell that it happened, not when. They begin again after a crash without a trace, and from PostgreSQL 15 the time of the last reset is unknown until somebody resets them. A rollback can be the application’s own wish. Findings are about the observed database only.',
  permission: 'stats:read',
  params: {},
  row: {
    datname: col.code('Database'),
    current: col.flag('Observed'),
    deadlocks: col.count('Deadlocks'),
    deadlocks_a_day: col.maybe(col.count('Deadlocks a day', { note: 'Since the reset; unknown where the reset is' })),
    commits: col.count('Commits'),
    rollbacks: col.count('Rollbacks'),
    rollback_ratio: col.maybe(col.ratio('Rolled back', { note: 'Of all transactions' })),
    conflicts: col.count('Conflicts', { note: 'Queries cancelled by recovery; on standbys only' }),
    temp_files: col.count('Temporary files'),
    temp_bytes: col.bytes('Temporary data', { note: 'Written by sorts and hashes that did not fit work_mem' }),
    sessions_abandoned: col.count('Lost sessions', { note: 'The connection to the client was lost' }),
    sessions_fatal: col.count('Ended by an error'),
    sessions_killed: col.count('Ended by somebody'),
    reset_at: col.maybe(col.time('Counting since', { note: 'Unknown: no reset since the server was set up or crashed' })),
  },
  key: ['datname'],
  search: ['datname'],
  sort: '-current',
  show: ['datname', 'deadlocks', 'deadlocks_a_day', 'commits', 'rollback_ratio', 'conflicts', 'temp_files', 'temp_bytes', 'reset_at'],
  needs: [],
  charts: [],
  codes: {
    'locks.deadlocks': 'PostgreSQL has ended transactions of the observed database to break deadlocks.',
    'locks.rollbacks': 'More than a tenth of at least a thousand transactions were rolled back.',
    'locks.temp_files': 'Sorts and hashes have written more than a gigabyte of temporary files.',
    'locks.recovery_conflicts': 'Recovery has cancelled queries on this standby.',
  },
  refreshSeconds: 30,
  source: 'sql',
  sql: {
    14: () => sql`
      select d.datname::text as datname, d.datname = current_database() as current, d.deadlocks,
        d.deadlocks / nullif(extract(epoch from clock_timestamp() - d.stats_reset)::float8 / 86400, 0) as deadlocks_a_day,
        d.xact_commit as commits, d.xact_rollback as rollbacks, d.xact_rollback::float8 / nullif(d.xact_commit + d.xact_rollback, 0) as rollback_ratio,
        d.conflicts, d.temp_files, d.temp_bytes::float8 as temp_bytes, d.sessions_abandoned, d.sessions_fatal, d.sessions_killed, d.stats_reset as reset_at
      from pg_stat_database d where d.datid <> 0 and d.datname is not null`,
  },
  findings: (rows) => rows.filter((row) => row.current).flatMap(databaseFindings),
});
