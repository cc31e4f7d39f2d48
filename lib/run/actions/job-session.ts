import 'server-only';
import type { Ending } from '@/lib/kit/job';
import type { DeskClient } from '@/lib/pg/client';
import { withSession } from '@/lib/pg/session';
import { render, sql } from '@/lib/pg/sql';
import { maintenanceSettings } from '../monitor';
import type { Backend } from './jobs';

export class Cancelled extends Error {}
/** What stops a job, in words for a person. */
export class GaveUp extends Error {}

export type Session = { client: DeskClient; backend: Backend; notices: string[] };

/** A session of its own on the target, in which a job holds the lock of its object. @throws GaveUp where the object is taken, or a pooler is between */
export async function withJobSession<T>(target: string, key: string, work: (session: Session) => Promise<T>): Promise<T> {
  return withSession(maintenanceSettings(target), { name: 'job', connectTimeoutMs: 5000 }, async (client) => {
    if (!client.direct) throw new GaveUp('The connection leads through a pooler, which keeps neither locks nor settings for a session: maintenance needs a direct one.');
    // A console that dies is noticed within a second, even in the middle of a statement.
    await client.query("select set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '60s', false), set_config('client_connection_check_interval', '1s', false), set_config('search_path', '', false)");
    // Neither may end a job that reads files back, or copies for hours; the second is there from PostgreSQL 17 on.
    await client.query("select set_config(name, '0', false) from pg_settings where name in ('idle_session_timeout', 'transaction_timeout')");
    const { rows } = await client.query<Backend & { taken: boolean }>(render(sql`
      select pg_backend_pid() as pid, (select backend_start::text from pg_stat_activity where pid = pg_backend_pid()) as started, pg_try_advisory_lock(hashtextextended(${`riskdesk.job ${key}`}, 0)) as taken`));
    const [first] = rows;
    if (!first) throw new Error('a SELECT without FROM returned no row');
    if (!first.taken) throw new GaveUp('Another console has a job running on this object.');
    const notices: string[] = [];
    client.on('notice', (notice) => notices.push([`${notice.severity ?? 'NOTICE'}: ${notice.message ?? ''}`, ...(notice.detail ? [notice.detail] : [])].join('\n')));
    return work({ client, backend: { pid: first.pid, started: first.started }, notices });
  });
}

/** Ends what a job's session does; whether the session was still there. */
export async function cancelBackend(target: string, { pid, started }: Backend, how: Ending): Promise<boolean> {
  return withSession(maintenanceSettings(target), { name: 'job-cancel', connectTimeoutMs: 5000 }, async (client) => {
    const statement = how === 'cancel' ? sql`select pg_cancel_backend(pid) from pg_stat_activity where pid = ${pid} and backend_start = ${started}::timestamptz` : sql`select pg_terminate_backend(pid) from pg_stat_activity where pid = ${pid} and backend_start = ${started}::timestamptz`;
    return (await client.query(render(statement))).rows.length > 0;
  });
}
