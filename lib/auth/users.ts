import 'server-only';
import { and, eq, ne } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { accounts, sessions, users } from '@/drizzle/schema';
import { transaction, type Database } from '@/lib/db/client';
import { writeAudit } from '@/lib/db/audit';
import { readEnv } from '@/lib/env';
import { AppError, invalidField } from '@/lib/errors';
import type { Caller } from '@/lib/kit/caller';
import { violatedConstraint } from '@/lib/pg/errors';
import { sql, type SQL } from '@/lib/pg/sql';
import type { NewUser, UserChange, UserView } from '@/lib/rooms/auth/schema';
import { liveSession } from './caller';
import { hashPassword } from './passwords';

const view = (which: SQL) => sql`
  select u.id, u.email, u.name, u.role, u.active, u.created_at as "createdAt", u.updated_at as "updatedAt",
    open.last as "lastSeenAt", open.n as sessions, (select count(*)::int from api_tokens t where t.user_id = u.id and (t.expires_at is null or t.expires_at > now())) as tokens
  from users u, lateral (select count(*)::int as n, max(s.updated_at) as last from sessions s where s.user_id = u.id and ${liveSession}) open
  where ${which} order by u.email`;

export const listUsers = (db: Database): Promise<UserView[]> => db.rows<UserView>(view(sql`true`));

/** @throws AppError not_found */
export async function findUser(db: Database, id: string): Promise<UserView> {
  const [user] = await db.rows<UserView>(view(sql`u.id = ${id}`));
  if (!user) throw new AppError('not_found', 'There is no such user.');
  return user;
}

/** @throws AppError invalid when the e-mail is taken */
export async function createUser(user: NewUser, by: Caller | null = null, address: string | null = null): Promise<{ id: string }> {
  const id = uuidv7();
  const password = await hashPassword(user.password);
  try {
    await transaction(async (tx) => {
      await tx.orm.insert(users).values({ id, email: user.email.toLowerCase(), name: user.name, role: user.role });
      await tx.orm.insert(accounts).values({ id: uuidv7(), userId: id, accountId: id, providerId: 'credential', password });
      await writeAudit(tx, { caller: by, action: 'users.create', object: `user:${id}`, outcome: 'success', details: { email: user.email.toLowerCase(), role: user.role }, address });
    });
  } catch (error) {
    if (violatedConstraint(error) === 'users_email_key') throw invalidField('email', 'taken', 'Another account has this e-mail address.');
    throw error;
  }
  return { id };
}

/** Changes name, role or activity. Disabling ends the user's sessions in the same transaction. @throws AppError not_found, conflict */
export async function updateUser(id: string, change: UserChange, by: Caller, address: string | null = null): Promise<void> {
  await transaction(async (tx) => {
    // Rows of all administrators are locked in one order, so that two of them cannot demote each other at once.
    const admins = await tx.orm.select({ id: users.id }).from(users).where(and(eq(users.role, 'admin'), eq(users.active, true))).orderBy(users.id).for('update');
    const stops = change.active === false || (change.role !== undefined && change.role !== 'admin');
    if (stops && admins.length === 1 && admins[0]?.id === id) throw new AppError('conflict', 'This is the last active administrator: make another one first.');
    const [changed] = await tx.orm.update(users).set({ ...change, updatedAt: new Date() }).where(eq(users.id, id)).returning({ id: users.id });
    if (!changed) throw new AppError('not_found', 'There is no such user.');
    if (change.active === false) await tx.orm.delete(sessions).where(eq(sessions.userId, id));
    await writeAudit(tx, { caller: by, action: 'users.update', object: `user:${id}`, outcome: 'success', details: change, address });
  });
}

/** Sets a new password and ends the user's sessions, except the one that asks. @throws AppError not_found */
export async function resetPassword(id: string, password: string, by: Caller, address: string | null = null): Promise<void> {
  const hash = await hashPassword(password);
  const own = by.via.kind === 'session' ? by.via.sessionId : undefined;
  await transaction(async (tx) => {
    const changed = await tx.orm.update(accounts).set({ password: hash, updatedAt: new Date() }).where(and(eq(accounts.userId, id), eq(accounts.providerId, 'credential'))).returning({ id: accounts.id });
    if (changed.length === 0) throw new AppError('not_found', 'There is no such user.');
    await tx.orm.delete(sessions).where(own ? and(eq(sessions.userId, id), ne(sessions.id, own)) : eq(sessions.userId, id));
    await writeAudit(tx, { caller: by, action: 'users.reset_password', object: `user:${id}`, outcome: 'success', address });
  });
}

export async function hasAdministrator(db: Database): Promise<boolean> {
  const [row] = await db.orm.select({ id: users.id }).from(users).where(and(eq(users.role, 'admin'), eq(users.active, true))).limit(1);
  return row !== undefined;
}

/** Creates the administrator of ADMIN_EMAIL and ADMIN_PASSWORD unless an account has that address already. */
export async function ensureFirstAdmin(db: Database): Promise<boolean> {
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = readEnv();
  if (!email || !password) return false;
  const isThere = async () => (await db.orm.select({ id: users.id }).from(users).where(eq(users.email, email.toLowerCase()))).length > 0;
  if (await isThere()) return false;
  try {
    await createUser({ email, name: 'Administrator', role: 'admin', password });
    return true;
  } catch (error) {
    // Another console that starts at the same time was quicker.
    if (await isThere()) return false;
    throw error;
  }
}
