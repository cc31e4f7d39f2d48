import 'server-only';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { writeAudit } from '@/lib/db/audit';
import { database, transaction, type Database } from '@/lib/db/client';
import { AppError, invalidField } from '@/lib/errors';
import { authorize, type Caller } from '@/lib/kit/caller';
import type { ScheduleChange, ScheduleView } from '@/lib/kit/schedule';
import type { newScheduleSchema } from '@/lib/kit/schedule-schema';
import { sql, type SQL } from '@/lib/pg/sql';
import { nextRun } from './cron';
import { prepare, requireUnguarded, riskOf } from './preview';
import { actions, type RegisteredAction } from './registry';

type Stored = Omit<ScheduleView, 'window' | 'last'> & { window_from: string | null; window_to: string | null; last_run: string | null; last_state: NonNullable<ScheduleView['last']>['state'] | null; last_says: string | null; last_job: string | null };

const select = (rest: SQL): SQL => sql`
  select s.id, s.action, s.target, s.about as object, s.params, s.cron, s.time_zone as "timeZone", to_char(s.window_from, 'HH24:MI') as window_from, to_char(s.window_to, 'HH24:MI') as window_to, s.enabled,
    s.next_run as "nextRun", s.last_run, coalesce(j.state, s.last_state) as last_state, case when j.id is null then s.last_says else j.says end as last_says, j.id as last_job,
    s.creator as "createdBy", s.created_at as "createdAt", s.reason
  from riskdesk.schedules s left join riskdesk.jobs j on j.id = s.last_job ${rest}`;

function viewOf({ window_from: from, window_to: to, last_run: at, last_state: state, last_says: says, last_job: job, ...rest }: Stored): ScheduleView {
  return { ...rest, window: from !== null && to !== null ? { from, to } : null, last: at !== null && state !== null ? { at, state, says, job } : null };
}

export const listSchedules = async (): Promise<ScheduleView[]> => (await database().rows<Stored>(select(sql`order by s.enabled desc, s.next_run, s.id limit 500`))).map(viewOf);

async function find(db: Database, id: string): Promise<ScheduleView> {
  const [found] = await db.rows<Stored>(select(sql`where s.id = ${id}`));
  if (!found) throw new AppError('not_found', 'There is no such schedule.');
  return viewOf(found);
}

function entryOf(id: string): RegisteredAction {
  const entry = actions.get(id);
  if (!entry) throw invalidField('action', 'unknown', 'must be an action of this console');
  return entry;
}

/** The database decides what time it is, and knows which time zones it can reckon in. @throws AppError invalid */
async function firstRun(db: Database, cron: string, timeZone: string): Promise<string> {
  const [now] = await db.rows<{ now: string; known: boolean }>(sql`select now() as now, exists (select from pg_timezone_names where name = ${timeZone}) as known`);
  const next = nextRun(cron, timeZone, now?.now ?? '');
  if (!now?.known) throw invalidField('timeZone', 'unknown', 'must be a time zone such as Europe/Berlin');
  return next;
}

type Asked = z.output<typeof newScheduleSchema>;

/** @throws AppError forbidden, invalid, not_found, guard_refused */
export async function createSchedule(asked: Asked, caller: Caller, address: string | null): Promise<ScheduleView> {
  const entry = entryOf(asked.action);
  authorize(caller, entry.action.permission);
  if (!entry.action.recurs) throw invalidField('action', 'once', 'must be one that is worth doing again and again');
  const next = await firstRun(database(), asked.cron, asked.timeZone);
  const prepared = await prepare(entry, asked.target, asked.params);
  requireUnguarded(prepared);
  const { name } = prepared.object;
  if (riskOf(entry.action, prepared) === 'destructive' && asked.confirm !== name) throw invalidField('confirm', 'mismatch', `must be the name of the object: ${name}`);
  const id = uuidv7();
  return transaction(async (tx) => {
    await tx.rows(sql`
      insert into riskdesk.schedules (id, target, action, about, params, cron, time_zone, window_from, window_to, next_run, created_by, creator, reason)
      values (${id}, ${asked.target}, ${entry.id}, ${name}, ${JSON.stringify(asked.params)}::jsonb, ${asked.cron}, ${asked.timeZone}, ${asked.window?.from ?? null}::time, ${asked.window?.to ?? null}::time, ${next}, ${caller.userId}, ${caller.email}, ${asked.reason?.trim() || null})`);
    const view = await find(tx, id);
    await writeAudit(tx, { caller, action: 'schedules.create', object: `schedule:${id}`, outcome: 'success', details: detailsOf(view), address });
    return view;
  });
}

const detailsOf = ({ action, target, object, params, cron, timeZone, window, enabled, reason }: ScheduleView) => ({ action, target, about: object, params, cron, timeZone, window: window ? `${window.from}–${window.to}` : null, enabled, reason });

/** Locked for a change, by who may begin the action itself. @throws AppError not_found, forbidden */
async function lock(tx: Database, id: string, caller: Caller): Promise<ScheduleView> {
  await tx.rows(sql`select from riskdesk.schedules where id = ${id} for update`);
  const view = await find(tx, id);
  authorize(caller, actions.get(view.action)?.action.permission ?? 'maintenance:destroy');
  return view;
}

/** @throws AppError not_found, forbidden, invalid */
export async function changeSchedule(id: string, change: ScheduleChange, caller: Caller, address: string | null): Promise<ScheduleView> {
  return transaction(async (tx) => {
    const before = await lock(tx, id, caller);
    const { enabled, cron, timeZone } = { enabled: change.enabled ?? before.enabled, cron: change.cron ?? before.cron, timeZone: change.timeZone ?? before.timeZone };
    const window = change.window === undefined ? before.window : change.window;
    const next = await firstRun(tx, cron, timeZone);
    await tx.rows(sql`
      update riskdesk.schedules set enabled = ${enabled}, cron = ${cron}, time_zone = ${timeZone}, window_from = ${window?.from ?? null}::time, window_to = ${window?.to ?? null}::time, next_run = ${enabled ? next : null}::timestamptz where id = ${id}`);
    const view = await find(tx, id);
    await writeAudit(tx, { caller, action: 'schedules.update', object: `schedule:${id}`, outcome: 'success', details: detailsOf(view), address });
    return view;
  });
}

/** @throws AppError not_found, forbidden */
export async function deleteSchedule(id: string, caller: Caller, address: string | null): Promise<void> {
  await transaction(async (tx) => {
    const view = await lock(tx, id, caller);
    await tx.rows(sql`delete from riskdesk.schedules where id = ${id}`);
    await writeAudit(tx, { caller, action: 'schedules.delete', object: `schedule:${id}`, outcome: 'success', details: detailsOf(view), address });
  });
}
