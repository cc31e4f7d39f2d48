import 'server-only';
import { transaction, type Database } from '@/lib/db/client';
import { writeAudit } from '@/lib/db/audit';
import { AppError } from '@/lib/errors';
import { may, type Caller } from '@/lib/kit/caller';
import { sql } from '@/lib/pg/sql';
import type { SessionView } from '@/lib/rooms/auth/schema';
import { liveSession } from './caller';
import { requireOwn } from './own';

/** A user's open sessions, the last used first; never their tokens. @throws AppError forbidden */
export async function listSessions(db: Database, userId: string, caller: Caller): Promise<SessionView[]> {
  requireOwn(caller, userId);
  const own = caller.via.kind === 'session' ? caller.via.sessionId : null;
  return db.rows<SessionView>(sql`
    select s.id, s.user_id as "userId", s.id is not distinct from ${own}::uuid as current, s.ip_address as address,
      left(s.user_agent, 300) as "userAgent", s.created_at as "createdAt", s.updated_at as "lastUsedAt", s.expires_at as "expiresAt"
    from sessions s where s.user_id = ${userId} and ${liveSession} order by s.updated_at desc, s.id desc limit 200`);
}

/** Ends one session at once. Somebody else's is not there for those who may not manage users. @throws AppError not_found, forbidden */
export async function revokeSession(id: string, caller: Caller, address: string): Promise<void> {
  requireOwn(caller, caller.userId);
  const whose = may(caller, 'users:manage') ? sql`true` : sql`user_id = ${caller.userId}`;
  await transaction(async (tx) => {
    const [gone] = await tx.rows<{ user_id: string }>(sql`delete from sessions where id = ${id} and ${whose} returning user_id`);
    if (!gone) throw new AppError('not_found', 'There is no such session.');
    await writeAudit(tx, { caller, action: 'auth.revoke_session', object: `session:${id}`, outcome: 'success', details: { userId: gone.user_id }, address });
  });
}
