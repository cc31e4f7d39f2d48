import 'server-only';
import { writeAudit } from '@/lib/db/audit';
import { transaction, type Database } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import { rolePermissions, type Role } from '@/lib/kit/permission';
import { sqlState } from '@/lib/pg/errors';
import { array, sql } from '@/lib/pg/sql';
import { log } from '../log';
import { nextRun } from './cron';
import { prepare, requireUnguarded } from './preview';
import { queueJob } from './queue-job';
import { actions } from './registry';

type Due = { id: string; target: string; action: string; about: string; params: Record<string, string>; cron: string; time_zone: string; window_from: string | null; window_to: string | null; created_by: string; creator: string; reason: string | null; now: string };
type Outcome = { job: string } | { state: 'refused' | 'failed'; says: string; soon?: boolean };

/** Whether who made the schedule may still do it: somebody whose account has ended has no hand left in anything. */
async function stillMay(tx: Database, { created_by: id, action }: Due): Promise<boolean> {
  const [person] = await tx.rows<{ role: Role }>(sql`select role from users where id = ${id} and active`);
  const permission = actions.get(action)?.action.permission;
  return person !== undefined && permission !== undefined && rolePermissions[person.role].includes(permission);
}

/** Plans it as things are now, and queues it: nobody has looked, so the guards alone speak against it. */
async function attempt(tx: Database, due: Due): Promise<Outcome> {
  const entry = actions.get(due.action);
  if (!entry) return { state: 'failed', says: `This console does not know the action ${due.action}.` };
  if (!(await stillMay(tx, due))) return { state: 'refused', says: `${due.creator} may no longer do this.` };
  if (!entry.action.recurs) return { state: 'refused', says: 'It is done once, and by no schedule any more.' };
  try {
    const prepared = await prepare(entry, due.target, due.params);
    requireUnguarded(prepared);
    const window = due.window_from !== null && due.window_to !== null ? { from: due.window_from, to: due.window_to, timeZone: due.time_zone } : null;
    return { job: await queueJob(tx, { entry, prepared, requester: { id: due.created_by, email: due.creator }, caller: null, address: null, reason: due.reason, schedule: due.id, window }) };
  } catch (error) {
    if (error instanceof AppError) return { state: error.status === 409 ? 'refused' : 'failed', says: error.message, soon: error.status === 503 };
    // The transaction is at an end: what is due stays due.
    if (sqlState(error) !== undefined) throw error;
    log('error', 'a schedule could not be planned', { schedule: due.id, kind: error instanceof Error ? error.name : typeof error });
    return { state: 'failed', says: 'It failed on the console’s side. The log has the details.' };
  }
}

/** Where the target is away it is tried again in a minute; the next regular run is never put off by that. */
const retryMs = 60_000;

function nextOf({ cron, time_zone: timeZone, now }: Due, soon: boolean): string {
  const next = nextRun(cron, timeZone, now);
  const retry = new Date(Date.parse(now) + retryMs).toISOString();
  return soon && retry < next ? retry : next;
}

/** One that is due, by whichever console is first. However many of its times have passed, it is one run. */
async function queueNext(seen: string[]): Promise<boolean> {
  return transaction(async (tx) => {
    const [due] = await tx.rows<Due>(sql`
      select id, target, action, about, params, cron, time_zone, window_from::text, window_to::text, created_by, creator, reason, now() as now
      from riskdesk.schedules where enabled and next_run <= now() and not id = any (${array(seen)}::uuid[]) order by next_run, id for update skip locked limit 1`);
    if (!due) return false;
    seen.push(due.id);
    const outcome = await attempt(tx, due);
    const [job, state, says] = 'job' in outcome ? [outcome.job, null, null] : [null, outcome.state, outcome.says];
    await tx.rows(sql`update riskdesk.schedules set next_run = ${nextOf(due, 'soon' in outcome && outcome.soon === true)}, last_run = now(), last_job = ${job}, last_state = ${state}, last_says = ${says} where id = ${due.id}`);
    if (!('job' in outcome)) await writeAudit(tx, { caller: null, actor: due.creator, action: due.action, object: `schedule:${due.id}`, outcome: outcome.state, details: { stage: 'scheduled', target: due.target, about: due.about, says } });
    return true;
  });
}

/** Queues what is due. @returns how many schedules had their turn; @throws what one of them failed of, once the others have had theirs */
export async function queueDue(): Promise<number> {
  const seen: string[] = [];
  const failed: unknown[] = [];
  for (let turn = 0; ; turn += 1) {
    try {
      if (!(await queueNext(seen))) break;
    } catch (error) {
      if (seen.length === turn) throw error;
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
  return seen.length;
}
