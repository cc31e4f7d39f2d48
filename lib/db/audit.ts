import 'server-only';
import type { Caller } from '@/lib/kit/caller';
import { sql } from '@/lib/pg/sql';
import { written } from './audit-witness';
import type { Database } from './client';

export type AuditEntry = {
  /** Null for nobody in particular: a failed sign-in, the console itself. */
  caller: Caller | null;
  /** Who it was said to be, where there is no caller. */
  actor?: string;
  /** `assessments.update`, `auth.sign_in` … */
  action: string;
  /** What it was done to: `assessment:<id>`, `user:<id>`. */
  object: string;
  outcome: 'success' | 'refused' | 'failed';
  details?: Record<string, unknown>;
  address?: string | null;
};

/**
 * Appends one row; inside the transaction of the write it records, so that there is never one without the other. Writers take turns until the end of
 * their transaction, which is therefore not the time to wait for the disk: that is done right after it, by all of them together.
 */
export async function writeAudit(db: Database, entry: AuditEntry): Promise<void> {
  const { caller } = entry;
  const [row] = await db.rows<{ level: string; position: number; hash: Buffer }>(sql`
    insert into riskdesk.audit_log (actor_id, actor, via, action, object, outcome, details, address)
    values (${caller?.userId ?? null}, ${caller?.email ?? entry.actor ?? 'console'}, ${caller?.via.kind ?? 'none'}, ${entry.action},
      ${entry.object}, ${entry.outcome}, ${JSON.stringify(entry.details ?? {})}::jsonb, ${entry.address ?? null})
    returning position, hash, current_setting('synchronous_commit') as level, set_config('synchronous_commit', 'off', true) as off`);
  await db.flush(row?.level ?? 'on', (onDisk) => row && written(row.position, row.hash, onDisk));
}
