import type { Finding, Remedy } from '@/lib/kit/finding';
import { formatBytes, formatMs, formatRatio } from '@/lib/units';

export type Slot = {
  slot: string; kind: string; active: boolean; temporary: boolean; wal_status: string | null; retained_bytes: number | null; limit_bytes: number | null;
  limit_ratio: number | null; safe_bytes: number | null; inactive_ms: number | null; invalidation: string | null; xmin_age: number | null; synced: boolean | null;
};

const drop = (slot: string): Remedy => ({ action: 'replication.drop_slot', params: { slot } });
/** A slot that falls further behind is lost, and the disk is not. */
const limit: Remedy = { action: 'config.set', params: { name: 'max_slot_wal_keep_size', value: '10GB' } };

const evidenceOf = (row: Slot) => ({ active: row.active, wal_status: row.wal_status, retained_bytes: row.retained_bytes, limit_bytes: row.limit_bytes, safe_bytes: row.safe_bytes, inactive_ms: row.inactive_ms, invalidation: row.invalidation });

/** The one finding that matters most about a slot, or none. */
export function slotFindings(row: Slot, maxBytes: number, maxInactiveMs: number): Finding[] {
  if (row.temporary) return [];
  return lost(row) ?? atRisk(row) ?? inactive(row, maxBytes, maxInactiveMs) ?? retaining(row, maxBytes) ?? [];
}

function lost(row: Slot): Finding[] | null {
  if (row.wal_status !== 'lost' && row.invalidation === null) return null;
  const consumer = row.kind === 'physical' ? 'Its standby needs the WAL archive or a new base backup.' : 'Its subscriber must be synchronised anew.';
  return [{
    code: 'replication.slot_lost',
    severity: 'critical',
    about: row.slot,
    says: `Is lost for good${row.invalidation === null ? '' : ` (${row.invalidation})`}: PostgreSQL keeps nothing for it any more. ${consumer}`,
    evidence: evidenceOf(row),
    remedy: drop(row.slot),
  }];
}

function atRisk(row: Slot): Finding[] | null {
  const near = row.wal_status === 'unreserved' || (row.safe_bytes !== null && row.safe_bytes <= 0) || (row.limit_ratio ?? 0) >= 0.8;
  if (!near || row.limit_bytes === null) return null;
  return [{
    code: 'replication.slot_at_risk',
    severity: 'critical',
    about: row.slot,
    says: `Keeps ${formatBytes(row.retained_bytes ?? 0)} of WAL${row.limit_ratio === null ? '' : `, ${formatRatio(row.limit_ratio)} of max_slot_wal_keep_size`}: ${(row.safe_bytes ?? 0) <= 0 ? 'the next checkpoint may lose it' : `after another ${formatBytes(row.safe_bytes ?? 0)} a checkpoint may lose it`}, and its consumer would have to be set up anew. A larger limit needs the disk for it.`,
    evidence: evidenceOf(row),
    remedy: null,
  }];
}

/** Before 17 nobody knows for how long, so only what it keeps can count; a standby that restarts is away for a moment. */
function inactive(row: Slot, maxBytes: number, maxInactiveMs: number): Finding[] | null {
  if (row.active || row.synced || row.retained_bytes === null) return null;
  const large = row.retained_bytes >= maxBytes;
  if (!large && (row.inactive_ms === null || row.inactive_ms < maxInactiveMs)) return null;
  const time = row.inactive_ms === null ? '' : ` for ${formatMs(row.inactive_ms)}`;
  const bound = row.limit_bytes === null ? 'nothing limits how much that becomes (max_slot_wal_keep_size is -1)' : `at most ${formatBytes(row.limit_bytes)}`;
  return [{
    code: 'replication.slot_inactive',
    severity: large && row.limit_bytes === null ? 'critical' : 'warning',
    about: row.slot,
    says: `Nobody has used it${time}, and it keeps ${formatBytes(row.retained_bytes)} of WAL: ${bound}.${row.xmin_age === null ? '' : ' It holds back vacuum too.'}`,
    evidence: evidenceOf(row),
    remedy: drop(row.slot),
  }];
}

function retaining(row: Slot, maxBytes: number): Finding[] | null {
  if (!row.active || (row.retained_bytes ?? 0) < maxBytes) return null;
  return [{
    code: 'replication.slot_retention',
    severity: 'warning',
    about: row.slot,
    says: `Is in use and keeps ${formatBytes(row.retained_bytes ?? 0)} of WAL: its consumer does not keep up, or does not confirm.`,
    evidence: evidenceOf(row),
    remedy: row.limit_bytes === null ? limit : null,
  }];
}
