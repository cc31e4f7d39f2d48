import type { Finding } from '@/lib/kit/finding';
import { formatBytes, formatMs, MiB } from '@/lib/units';

type Row = { status: string; sender: string | null; follows: boolean; restores: boolean; not_replayed_bytes: number | null; replay_delay_ms: number | null; last_commit_ms: number | null; pause_state: string | null };

/** A segment: less than that is under way at any moment, and the age of the last commit says nothing of how long it has been. */
const underWay = 16 * MiB;

export function standbyFindings(row: Row, maxBytes: number, maxMs: number): Finding[] {
  return [...receiver(row), ...paused(row), ...behind(row, maxBytes, maxMs)];
}

function receiver({ status, follows, restores, last_commit_ms: age }: Row): Finding[] {
  // Fed by its archive alone, it is not meant to have a receiver.
  if (status === 'streaming' || (!follows && restores)) return [];
  const between = ['starting', 'restarting', 'waiting', 'connecting'].includes(status);
  const known = age === null ? 'It has replayed no commit yet.' : `The last commit that it replayed is ${formatMs(age)} old; what it misses since is unknown.`;
  const why = follows ? 'The primary may be away, refuse it, or no longer have the WAL that it needs: its log says which.' : 'It has neither primary_conninfo nor restore_command.';
  return [{
    code: 'replication.receiver_down',
    severity: between ? 'warning' : 'critical',
    about: 'pg_stat_wal_receiver',
    says: `${between ? `The receiver is ${status} and does not stream.` : 'Does not receive from its primary.'} ${known} ${why}`,
    evidence: { status, follows, restores, last_commit_ms: age },
    remedy: null,
  }];
}

function paused({ pause_state: state, not_replayed_bytes: bytes }: Row): Finding[] {
  if (state === null || state === 'not paused') return [];
  return [{
    code: 'replication.replay_paused',
    severity: 'warning',
    about: 'replay',
    says: `Replay is ${state === 'paused' ? 'paused' : 'about to pause'}: readers see ever older data, and ${formatBytes(bytes ?? 0)} wait. Where PostgreSQL paused it itself, because a setting here is smaller than the primary’s, resuming stops this server.`,
    evidence: { pause_state: state, not_replayed_bytes: bytes },
    remedy: { sql: 'SELECT pg_wal_replay_resume();' },
  }];
}

function behind({ not_replayed_bytes: bytes, replay_delay_ms: delay }: Row, maxBytes: number, maxMs: number): Finding[] {
  if (bytes === null || bytes === 0) return [];
  const late = (delay ?? 0) >= maxMs && bytes >= Math.min(underWay, maxBytes);
  if (bytes < maxBytes && !late) return [];
  return [{
    code: 'replication.replay_behind',
    severity: bytes >= maxBytes * 10 || (delay ?? 0) >= maxMs * 10 ? 'critical' : 'warning',
    about: 'replay',
    says: `${formatBytes(bytes)} are received and not replayed${delay === null ? '' : `; the last commit that readers see is ${formatMs(delay)} old`}. Replay waits for a query (max_standby_streaming_delay), is paused, or is slower than the primary.`,
    evidence: { not_replayed_bytes: bytes, replay_delay_ms: delay },
    remedy: null,
  }];
}
