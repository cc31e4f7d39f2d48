import 'server-only';
import { readEnv } from '@/lib/env';
import type { Show } from '@/lib/kit/diagnostic';
import type { Unmeasured } from '@/lib/kit/result';
import { fromUrl } from '@/lib/pg/connection';
import { isUnavailable } from '@/lib/pg/errors';
import { AdminConsole } from '@/lib/pg/session';

const connectTimeoutMs = 3000;
const queryTimeoutMs = 4000;

type Kept = { url: string; session: Promise<AdminConsole> };
const shared = globalThis as typeof globalThis & { riskdeskPgBouncer?: Kept };

/** One session for all questions, opened when the first asks and again after it was lost: PgBouncer logs every connect. */
function session(url: string): Promise<AdminConsole> {
  if (shared.riskdeskPgBouncer?.url === url) return shared.riskdeskPgBouncer.session;
  const kept: Kept = { url, session: AdminConsole.open(fromUrl(url), { name: 'pgbouncer', connectTimeoutMs, queryTimeoutMs }) };
  shared.riskdeskPgBouncer = kept;
  const forget = () => {
    if (shared.riskdeskPgBouncer === kept) delete shared.riskdeskPgBouncer;
  };
  kept.session.then((console) => console.onEnd(forget), forget);
  return kept.session;
}

const unmeasured = (code: Unmeasured['reason']['code'], says: string, remedySql: string | null): Unmeasured => ({ state: 'unmeasured', reason: { code, says }, remedy: remedySql === null ? null : { sql: remedySql } });

/** Runs the questions of one diagnostic on PgBouncer's admin console; what stands in the way is an answer. */
export async function withPgBouncer<T>(work: (show: Show) => Promise<T>): Promise<T | Unmeasured> {
  const url = readEnv().PGBOUNCER_URL;
  if (!url) return unmeasured('not_configured', 'PGBOUNCER_URL is not set, so this console does not know of a PgBouncer. Where there is none, nothing is missing here.', settingUp);
  let known: AdminConsole | undefined;
  try {
    known = await session(url);
    const console = known;
    return await work((what) => console.show(what));
  } catch (error) {
    const reason = explained(error);
    if (!reason) throw error;
    // A session that hangs or was refused is of no use to the next question.
    await known?.end();
    return reason;
  }
}

function explained(error: unknown): Unmeasured | null {
  const message = error instanceof Error ? error.message : '';
  // PgBouncer gives most refusals the state 08P01, which other servers give to a broken wire.
  if (/authentication failed|password|no such user|not allowed|SASL/i.test(message)) {
    return unmeasured('privilege', 'PgBouncer refuses the role of PGBOUNCER_URL: its password is wrong, or it is in neither admin_users nor stats_users.', settingUp);
  }
  return isUnavailable(error) ? unmeasured('unreachable', 'PgBouncer at PGBOUNCER_URL cannot be reached. It is tried again with the next question.', null) : null;
}

const settingUp = `-- pgbouncer.ini; the role needs a line in auth_file too, and may then read SHOW but nothing else:
stats_users = riskdesk_monitor
-- the console's environment:
PGBOUNCER_URL=postgres://riskdesk_monitor:<password>@<host>:6432/pgbouncer`;

/** Ends the session. For tests. */
export async function closePgBouncer(): Promise<void> {
  const kept = shared.riskdeskPgBouncer;
  delete shared.riskdeskPgBouncer;
  await kept?.session.then((console) => console.end(), () => {});
}
