import 'server-only';
import { writeAudit } from '@/lib/db/audit';
import { database, transaction } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import type { Caller } from '@/lib/kit/caller';
import { severities, type Severity } from '@/lib/kit/finding';
import type { Decision, FoundItem, NewDecision } from '@/lib/kit/result';
import { sql } from '@/lib/pg/sql';

type Stored = { finding_id: string; severity: Severity; kind: Decision['kind']; until: string | null; reason: string; by: string; at: string };

/** Decisions that hold now, by the finding's id. */
export async function decisionsOf(target: string): Promise<Map<string, Stored>> {
  const rows = await database().rows<Stored>(sql`
    select finding_id, severity, kind, until, reason, decided_by as by, decided_at as at
    from riskdesk.finding_decisions where target = ${target} and (until is null or until > now())`, { reserved: true });
  return new Map(rows.map((row) => [row.finding_id, row]));
}

/** A finding that has become worse than what somebody looked at is open again. */
export function decisionFor(item: FoundItem, decisions: ReadonlyMap<string, Stored>): Decision | null {
  const stored = decisions.get(item.id);
  if (!stored || severities.indexOf(item.severity) < severities.indexOf(stored.severity)) return null;
  const { kind, until, reason, by, at } = stored;
  return { kind, until, reason, by, at };
}

export async function decide(target: string, { id, code, about, severity }: FoundItem, { kind, until, reason }: NewDecision, caller: Caller, address: string | null): Promise<void> {
  await transaction(async (tx) => {
    await tx.rows(sql`
      insert into riskdesk.finding_decisions (target, finding_id, code, about, severity, kind, until, reason, decided_by)
      values (${target}, ${id}, ${code}, ${about}, ${severity}, ${kind}, ${until ?? null}::timestamptz, ${reason.trim()}, ${caller.email})
      on conflict (target, finding_id) do update set severity = excluded.severity, kind = excluded.kind, until = excluded.until, reason = excluded.reason,
        decided_by = excluded.decided_by, decided_at = now()`);
    await writeAudit(tx, { caller, action: `findings.${kind}`, object: `finding:${id}`, outcome: 'success', details: { target, code, about, severity, until: until ?? null, reason: reason.trim() }, address });
  });
}

/** @throws AppError not_found when nothing was decided */
export async function takeBack(target: string, id: string, caller: Caller, address: string | null): Promise<void> {
  await transaction(async (tx) => {
    const [gone] = await tx.rows<{ code: string; about: string }>(sql`delete from riskdesk.finding_decisions where target = ${target} and finding_id = ${id} returning code, about`);
    if (!gone) throw new AppError('not_found', 'Nothing was decided about this finding.');
    await writeAudit(tx, { caller, action: 'findings.reopened', object: `finding:${id}`, outcome: 'success', details: { target, ...gone }, address });
  });
}
