import 'server-only';
import { uuidv7 } from 'uuidv7';
import { writeAudit } from '@/lib/db/audit';
import type { Database } from '@/lib/db/client';
import { readEnv } from '@/lib/env';
import { AppError } from '@/lib/errors';
import type { Risk } from '@/lib/kit/action';
import type { Caller } from '@/lib/kit/caller';
import { sql } from '@/lib/pg/sql';
import { onDisk } from './jobs';
import { partsOf, riskOf, type Prepared } from './preview';
import type { RegisteredAction } from './registry';
import { hashesOf } from './seal';

/** Whether another person has to agree, by APPROVALS. */
export const needsApproval = (risk: Risk): boolean => ({ none: [], destructive: ['destructive'], heavy: ['heavy', 'destructive'] })[readEnv().APPROVALS].some((one) => one === risk);

export type Window = { from: string; to: string; timeZone: string };

export type Wanted = {
  entry: RegisteredAction;
  prepared: Prepared;
  /** Who is named as having asked for it; `caller` where it is this very person, now. */
  requester: { id: string; email: string };
  caller: Caller | null;
  address: string | null;
  reason: string | null;
  group?: { id: string; stopOnFailure: boolean } | null;
  schedule?: string | null;
  window?: Window | null;
};

/** Queues a job with its audit row, in the caller's transaction. @throws AppError object_busy where one is open on the same object */
export async function queueJob(tx: Database, { entry, prepared, requester, caller, address, reason, group = null, schedule = null, window = null }: Wanted): Promise<string> {
  const { target, object, params, plan, inverse } = prepared;
  const id = uuidv7();
  await onDisk(tx);
  const state = needsApproval(riskOf(entry.action, prepared)) ? 'awaiting' : 'queued';
  if (!group && (await isTaken(tx, prepared))) throw await busy(tx, entry.id, prepared);
  const [queued] = await tx.rows<{ id: string }>(sql`
    insert into riskdesk.jobs (id, target, action, about, object_key, object, params, plan, state, requested_by, requester, reason, inverse, shown, group_id, stop_on_failure, schedule_id, window_from, window_to, time_zone)
    values (${id}, ${target}, ${entry.id}, ${object.name}, ${object.key}, ${JSON.stringify(object)}::jsonb, ${JSON.stringify(params)}::jsonb, ${JSON.stringify(plan)}::jsonb, ${state},
      ${requester.id}, ${requester.email}, ${reason}, ${inverse === null ? null : JSON.stringify(inverse)}::jsonb, ${JSON.stringify(hashesOf(partsOf(entry, prepared)))}::jsonb,
      ${group?.id ?? null}, ${group?.stopOnFailure ?? false}, ${schedule}, ${window?.from ?? null}::time, ${window?.to ?? null}::time, ${window?.timeZone ?? null})
    on conflict do nothing returning id`);
  if (!queued) throw await busy(tx, entry.id, prepared);
  await writeAudit(tx, {
    caller, actor: requester.email, action: entry.id, object: `job:${id}`, outcome: 'success', address,
    details: { stage: state === 'awaiting' ? 'requested, awaits approval' : 'requested', target, about: object.name, reason, plan: plan.map((step) => step.sql), ...(schedule ? { schedule } : {}) },
  });
  return id;
}

const isTaken = async (tx: Database, { target, object }: Prepared): Promise<boolean> => (await tx.rows(sql`select from riskdesk.jobs where target = ${target} and object_key = ${object.key} and state in ('queued', 'running') limit 1`)).length > 0;

/** Who has a job open on the object. */
export async function busy(tx: Database, action: string, { target, object }: Pick<Prepared, 'target' | 'object'>): Promise<AppError> {
  const [open] = await tx.rows<{ id: string; requester: string }>(sql`
    select id, requester from riskdesk.jobs where target = ${target} and object_key = ${object.key} and (state in ('queued', 'running') or state = 'awaiting' and action = ${action}) limit 1`);
  return new AppError('object_busy', open ? `${open.requester} has a job open on this object.` : 'A job on this object has just ended: look again.', open ? { jobId: open.id } : {});
}
