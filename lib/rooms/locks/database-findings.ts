import type { Finding } from '@/lib/kit/finding';
import { formatBytes, formatCount, formatRatio, GiB } from '@/lib/units';

export type DatabaseCounters = {
  datname: string; deadlocks: number; deadlocks_a_day: number | null; commits: number; rollbacks: number; rollback_ratio: number | null;
  conflicts: number; temp_files: number; temp_bytes: number; reset_at: string | null;
};

const times = (count: number): string => (count === 1 ? 'once' : `${formatCount(count)} times`);

/** What the counters of the observed database tell. Without the time of their reset nothing is said about how often. */
export function databaseFindings(row: DatabaseCounters): Finding[] {
  const since = row.reset_at === null ? 'in a time that is unknown' : 'since the counters were reset';
  const found: Finding[] = [];
  if (row.deadlocks > 0) {
    found.push({
      code: 'locks.deadlocks',
      severity: (row.deadlocks_a_day ?? 0) >= 1 ? 'warning' : 'info',
      about: row.datname,
      says: `PostgreSQL has broken a deadlock ${times(row.deadlocks)} ${since}: each time one transaction failed. The server’s log names both statements; taking locks in one order everywhere is what helps.`,
      evidence: { deadlocks: row.deadlocks, deadlocks_a_day: row.deadlocks_a_day, reset_at: row.reset_at },
      remedy: null,
    });
  }
  if ((row.rollback_ratio ?? 0) > 0.1 && row.commits + row.rollbacks >= 1000) {
    found.push({
      code: 'locks.rollbacks',
      severity: 'info',
      about: row.datname,
      says: `${formatRatio(row.rollback_ratio ?? 0)} of ${formatCount(row.commits + row.rollbacks)} transactions were rolled back ${since}. Some applications end each reading with a rollback; otherwise look for errors in the log.`,
      evidence: { rollbacks: row.rollbacks, commits: row.commits, rollback_ratio: row.rollback_ratio, reset_at: row.reset_at },
      remedy: null,
    });
  }
  if (row.temp_bytes >= GiB) {
    found.push({
      code: 'locks.temp_files',
      severity: 'info',
      about: row.datname,
      says: `Sorts and hashes have written ${formatBytes(row.temp_bytes)} to ${formatCount(row.temp_files)} temporary files ${since}, ${formatBytes(row.temp_bytes / Math.max(row.temp_files, 1))} each. The statements that spill are in the room Queries: more work_mem for their role costs less than for everybody.`,
      evidence: { temp_files: row.temp_files, temp_bytes: row.temp_bytes, reset_at: row.reset_at },
      remedy: null,
    });
  }
  if (row.conflicts > 0) {
    found.push({
      code: 'locks.recovery_conflicts',
      severity: 'info',
      about: row.datname,
      says: `Recovery has cancelled queries on this standby ${times(row.conflicts)} ${since}. A larger max_standby_streaming_delay lets queries finish and replay wait; hot_standby_feedback makes the primary keep dead rows instead.`,
      evidence: { conflicts: row.conflicts, reset_at: row.reset_at },
      remedy: null,
    });
  }
  return found;
}
