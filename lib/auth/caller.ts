import 'server-only';
import { isPermission, isRole, type Permission } from '@/lib/kit/permission';
import type { Caller } from '@/lib/kit/caller';
import { AppError } from '@/lib/errors';
import { database } from '@/lib/db/client';
import { sql } from '@/lib/pg/sql';
import { auth } from './auth';
import { bearerToken, hashToken } from './tokens';

const absoluteSessionMs = 7 * 86_400_000;

/**
 * Who is asking, read from the database each time, so that a disabled account or a revoked session ends at once.
 * Null without credentials or with a session that is over; a bad token is an error, because its sender meant to use it.
 * @throws AppError unauthenticated
 */
export async function resolveCaller(headers: Headers): Promise<Caller | null> {
  if (headers.has('authorization')) return tokenCaller(headers);
  return headers.has('cookie') ? sessionCaller(headers) : null;
}

async function sessionCaller(headers: Headers): Promise<Caller | null> {
  const found = await auth().api.getSession({ headers });
  if (!found) return null;
  const { session, user } = found;
  const over = Date.now() - session.createdAt.getTime() > absoluteSessionMs;
  if (over || !user.active || !isRole(user.role)) return null;
  return { userId: user.id, email: user.email, name: user.name, role: user.role, via: { kind: 'session', sessionId: session.id } };
}

type TokenRow = { id: string; scopes: string[]; user_id: string; email: string; name: string; role: string };

async function tokenCaller(headers: Headers): Promise<Caller> {
  const token = bearerToken(headers);
  const [row] = token ? await database().rows<TokenRow>(findToken(hashToken(token))) : [];
  if (!row || !isRole(row.role)) throw new AppError('unauthenticated', 'The token is unknown, expired or revoked.');
  const scopes: Permission[] = row.scopes.filter(isPermission);
  return { userId: row.user_id, email: row.email, name: row.name, role: row.role, via: { kind: 'token', tokenId: row.id, scopes } };
}

/** Last use is kept to the minute, so that a busy token does not write at every request. */
const findToken = (hash: string) => sql`
  with found as (
    select t.id, t.scopes, t.last_used_at, u.id as user_id, u.email, u.name, u.role
    from api_tokens t join users u on u.id = t.user_id
    where t.token_hash = ${hash} and u.active and (t.expires_at is null or t.expires_at > now())
  ), touched as (
    update api_tokens t set last_used_at = now() from found f
    where t.id = f.id and (f.last_used_at is null or f.last_used_at < now() - interval '1 minute')
  )
  select id, scopes, user_id, email, name, role from found`;
