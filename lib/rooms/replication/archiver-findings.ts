import type { Finding } from '@/lib/kit/finding';
import { formatMs } from '@/lib/units';

type Row = { mode: string; method: string; failing: boolean; failed: number; backlog: number | null; oldest_ms: number | null; last_archived_at: string | null; last_failed_at: string | null; last_failed_wal: string | null };

const waits = ({ backlog, oldest_ms: oldest }: Row): string =>
  backlog === null ? 'How many files wait is unknown to this role.' : `${backlog} ${backlog === 1 ? 'file waits' : 'files wait'}${oldest === null ? '' : `, the oldest for ${formatMs(oldest)}`}.`;

export function archiverFindings(row: Row, maxBacklog: number, inRecovery: boolean): Finding[] {
  if (row.mode === 'off' || (inRecovery && row.mode === 'on')) return [];
  const evidence = { method: row.method, failed: row.failed, backlog: row.backlog, last_archived_at: row.last_archived_at, last_failed_at: row.last_failed_at, last_failed_wal: row.last_failed_wal };
  if (row.method === 'nothing') {
    return [{
      code: 'replication.archive_unset',
      severity: 'critical',
      about: 'archive_mode',
      says: `archive_mode is ${row.mode} and neither archive_command nor archive_library is set: WAL piles up on this disk until one is. ${waits(row)}`,
      evidence,
      remedy: { sql: "-- the command must succeed only when the file is safely stored elsewhere\nALTER SYSTEM SET archive_command = '<your command> %p %f';\nSELECT pg_reload_conf();" },
    }];
  }
  if (row.failing) {
    return [{
      code: 'replication.archive_failing',
      severity: 'critical',
      about: row.method,
      says: `The last attempt, of ${row.last_failed_wal ?? 'a file'}, failed and none has succeeded since. ${waits(row)} The server’s log has the command’s own message; once it works, PostgreSQL goes on by itself within a minute.`,
      evidence,
      remedy: null,
    }];
  }
  if (row.backlog === null || row.backlog < maxBacklog) return [];
  return [{
    code: 'replication.archive_backlog',
    severity: 'warning',
    about: row.method,
    says: `Archiving works and does not keep up. ${waits(row)}`,
    evidence,
    remedy: null,
  }];
}
