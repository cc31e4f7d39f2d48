import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { archiverFindings } from './archiver-findings';
import { since } from './positions';

type Archiver = {
  mode: string; method: string; archived: number; failed: number; last_archived_wal: string | null; last_archived_at: string | null; last_failed_wal: string | null;
  last_failed_at: string | null; failing: boolean; success_ms: number | null; timeout_ms: number | null; reset_at: string | null; may_list: boolean;
};

export const archiver = diagnostic({
  name: 'archiver',
  title: 'WAL archiving',
  why: 'A file that cannot be archived stays on this disk with all that follow it, and a backup can be restored to no later moment.',
  how: 'From pg_stat_archiver: it fails now when its last failure is newer than its last success; an old last success is normal on an idle server without archive_timeout. The backlog is what pg_ls_archive_statusdir lists as ready, which a pg_monitor member may ask. A standby with archive_mode on archives nothing until it is promoted.',
  permission: 'stats:read',
  params: { max_backlog: param.count('A finding from (files waiting)', 10) },
  row: {
    mode: col.text('archive_mode'),
    method: col.text('By'),
    failing: col.flag('Fails now'),
    archived: col.count('Archived'),
    failed: col.count('Failures'),
    backlog: col.maybe(col.count('Waiting', { note: 'Files that are ready and not archived; unknown: this role may not list them' })),
    oldest_ms: col.maybe(col.ms('Oldest waiting')),
    last_archived_at: col.maybe(col.time('Last success')),
    success_ms: col.maybe(col.ms('Since then')),
    last_archived_wal: col.maybe(col.code('Last file')),
    last_failed_at: col.maybe(col.time('Last failure')),
    last_failed_wal: col.maybe(col.code('Failed file')),
    timeout_ms: col.maybe(col.ms('archive_timeout', { note: 'Unknown: none, so an idle server archives nothing' })),
    reset_at: col.maybe(col.time('Counting since')),
  },
  key: ['mode'],
  sort: 'mode',
  show: ['mode', 'method', 'failing', 'archived', 'failed', 'backlog', 'last_archived_at', 'last_failed_at', 'last_failed_wal', 'timeout_ms'],
  needs: [],
  charts: [],
  codes: {
    'replication.archive_failing': 'Archiving fails: its last failure is newer than its last success.',
    'replication.archive_unset': 'archive_mode is on and nothing is set that archives.',
    'replication.archive_backlog': 'More files wait to be archived than the threshold allows.',
  },
  refreshSeconds: 30,
  source: 'facts',
  read: async (ask) => {
    const [row] = await ask<Archiver>(sql`
      select g.mode, case when g.library <> '' then 'archive_library' when g.command not in ('', '(disabled)') then 'archive_command' else 'nothing' end as method,
        a.archived_count as archived, a.failed_count as failed, a.last_archived_wal, a.last_archived_time as last_archived_at, a.last_failed_wal, a.last_failed_time as last_failed_at,
        g.mode <> 'off' and coalesce(a.last_failed_time > coalesce(a.last_archived_time, '-infinity'), false) as failing, ${since(sql`a.last_archived_time`)} as success_ms,
        nullif(g.timeout, 0) * 1000 as timeout_ms, a.stats_reset as reset_at, has_function_privilege('pg_ls_archive_statusdir()', 'execute') as may_list
      from pg_stat_archiver a, (select current_setting('archive_mode') as mode, coalesce(current_setting('archive_command', true), '') as command,
        coalesce(current_setting('archive_library', true), '') as library, (select setting::float8 from pg_settings where name = 'archive_timeout') as timeout) g`);
    if (!row) return [];
    const { may_list: mayList, ...shown } = row;
    const [waiting] = mayList && row.mode !== 'off'
      ? await ask<{ backlog: number; oldest_ms: number | null }>(sql`select count(*) as backlog, ${since(sql`min(f.modification)`)} as oldest_ms from pg_ls_archive_statusdir() f where f.name like '%.ready'`)
      : [];
    return [{ ...shown, backlog: waiting?.backlog ?? null, oldest_ms: waiting?.oldest_ms ?? null }];
  },
  findings: (rows, { params, server }) => rows.flatMap((row) => archiverFindings(row, params.max_backlog, server?.inRecovery ?? false)),
});
