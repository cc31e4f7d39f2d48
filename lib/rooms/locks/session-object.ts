import { z } from 'zod';
import type { ActionContext, ActionObject, Figures, Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param, storableText } from '@/lib/kit/param';
import { statementKey } from '@/lib/kit/session-columns';
import { ident, inlineNumber, literal, render, sql, type SQL } from '@/lib/pg/sql';

/** A session as an action finds it. A pid is used again after its session: the time at which that began tells them apart. */
export type SessionObject = ActionObject & {
  pid: number; started: string; usr: string | null; application: string; backend: string; state: string | null; leader: number | null;
  /** When its transaction began, and what tells the statement from the next: its query id, or when it began. */
  xact: string | null; statement: string | null;
  /** The monitoring role may not see what it is. */
  hidden: boolean;
  own: boolean; wraparound: boolean; superuser: boolean; signalled: boolean; seen: boolean;
};

const offset = /[+-](?:0\d|1[0-4])(?::?[0-5]\d)?$/;

/** Nothing, or a time as PostgreSQL writes it or in ISO 8601: what is none would be PostgreSQL's error and not the caller's. */
const began = storableText(40).refine((text) => {
  if (text === '') return true;
  const [date, time] = text.split(/[ T]/);
  const zone = text.endsWith('Z') ? 'Z' : offset.exec(time ?? '')?.[0];
  return zone !== undefined && /^(19|20|21)/.test(text) && z.iso.datetime().safeParse(`${date}T${time?.slice(0, -zone.length)}Z`).success;
}, 'must be a time such as 2026-01-31 12:00:00.123456+00');

export const sessionParams = { pid: param.filled('PID', 'must be the number of a process, such as 4711'), started: { ...param.seen('Session began'), schema: began } };

type Context = Omit<ActionContext<typeof sessionParams>, 'exports'>;

export async function findSession(ask: Ask, { params, role, server }: Context): Promise<SessionObject | null> {
  if (!/^\d{1,9}$/.test(params.pid)) return null;
  const autovacuum = server.major >= 18 ? sql`pg_has_role(${role}::name, 'pg_signal_autovacuum_worker', 'USAGE')` : sql`false`;
  const [found] = await ask<Omit<SessionObject, keyof ActionObject>>(sql`
    select a.pid, coalesce(a.backend_start::text, '') as started, a.backend_start is null as hidden, a.usename::text as usr, coalesce(a.application_name, '') as application, coalesce(a.backend_type, 'unknown') as backend, a.state, a.leader_pid as leader,
      a.xact_start::text as xact, ${statementKey} as statement, coalesce(a.application_name like 'riskdesk-%', false) as own,
      coalesce(a.backend_type = 'autovacuum worker' and a.query like '%to prevent wraparound%', false) as wraparound, coalesce(t.rolsuper, false) as superuser,
      m.rolsuper or case when a.usesysid is null then ${autovacuum} else not t.rolsuper and (pg_has_role(${role}::name, a.usesysid, 'USAGE') or pg_has_role(${role}::name, 'pg_signal_backend', 'USAGE')) end as signalled,
      m.rolsuper or pg_has_role(${role}::name, 'pg_read_all_stats', 'USAGE') or coalesce(pg_has_role(${role}::name, a.usesysid, 'USAGE'), false) as seen
    from pg_stat_activity a left join pg_roles t on t.oid = a.usesysid join pg_roles m on m.rolname = ${role}
    where a.pid = ${Number(params.pid)} and coalesce(a.backend_start = nullif(${params.started}, '')::timestamptz, true)`);
  if (!found) return null;
  const who = found.application || found.usr || found.backend;
  return { ...found, name: `pid ${found.pid} (${who})`, key: `session ${found.pid} ${found.started}`, identity: `${found.pid} ${found.started}`, table: null, bytes: null };
}

/** That very session; where PostgreSQL hides from the role when it began, none. */
export const thisSession = ({ pid, started }: SessionObject): SQL => sql`a.pid = ${inlineNumber(pid)} AND a.backend_start = ${literal(started)}::timestamptz`;

const grant = (granted: string, role: string): string => `${render(sql`GRANT ${ident(granted)} TO ${ident(role)}`).text};`;

function privilege({ superuser, signalled, seen, usr, backend }: SessionObject, role: string, major: number): Refusal[] {
  if (!signalled && superuser) return [{ name: 'privilege', says: `${usr} is a superuser: only a superuser may signal its sessions, and ${role} is none.`, saferWay: 'Do it as a superuser.' }];
  if (!signalled && usr === null) return [{ name: 'privilege', says: `${role} may not signal an ${backend}.`, saferWay: major >= 18 ? grant('pg_signal_autovacuum_worker', role) : 'Do it as a superuser.' }];
  if (!signalled) return [{ name: 'privilege', says: `${role} may not signal sessions of ${usr}.`, saferWay: `${grant('pg_signal_backend', role)} Or make it a member of ${usr}.` }];
  return seen ? [] : [{ name: 'privilege', says: `${role} may signal the session but does not see when it began: it could hit another one with the same pid.`, saferWay: grant('pg_read_all_stats', role) }];
}

/** What speaks against any signal to a session. */
export function sessionGuards(object: SessionObject, { role, server }: Pick<Context, 'role' | 'server'>): Refusal[] {
  const { own, application, backend, leader, wraparound, hidden } = object;
  if (hidden) return [{ name: 'hidden', says: `${server.user} does not see which session this is: it could be another one with the same pid.`, saferWay: grant('pg_read_all_stats', server.user) }, ...privilege(object, role, server.major)];
  const refusals: Refusal[] = [];
  if (own) refusals.push({ name: 'own', says: 'It is a session of this console.', saferWay: application === 'riskdesk-job' ? 'Cancel its job on the page Maintenance: the console then mends what is half done.' : null });
  if (backend === 'walsender') refusals.push({ name: 'walsender', says: 'It sends the WAL to a standby or a subscriber: replication would break off.', saferWay: 'Stop it at its receiver.' });
  else if (backend === 'parallel worker') refusals.push({ name: 'worker', says: `It works for process ${leader ?? 'unknown'}.`, saferWay: 'Cancel that one’s statement.' });
  else if (!['client backend', 'autovacuum worker'].includes(backend)) refusals.push({ name: 'system', says: `It is a process of the server itself: ${backend}.`, saferWay: null });
  if (wraparound) refusals.push({ name: 'wraparound', says: 'It is an autovacuum that keeps transaction ids from running out. It would begin again at once, from the start.', saferWay: 'Let it end. Raise autovacuum_vacuum_cost_limit, or lower its delay, to let it end sooner.' });
  return [...refusals, ...privilege(object, role, server.major)];
}

/** How many sessions wait for it, directly. */
export async function waitingBehind(ask: Ask, { pid }: SessionObject): Promise<Figures> {
  const [found] = await ask<{ n: number }>(sql`select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and ${pid} = any (pg_blocking_pids(pid))`);
  return { waiting_sessions: found?.n ?? null };
}
