import 'server-only';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isPermission, isRole, type Permission } from '@/lib/kit/permission';
import type { Caller } from '@/lib/kit/caller';
import { AppError } from '@/lib/errors';
import { database } from '@/lib/db/client';
import { sql } from '@/lib/pg/sql';
import { readEnv } from '@/lib/env';
import { sessionCookieName } from './auth';
import { bearerToken, hashToken } from './tokens';

/**
 * Who is asking, read from the database each time, so that a disabled account or a revoked session ends at once.
 * Null without credentials or with a session that is over; a bad token is an error, because its sender meant to use it.
 * @throws AppError unauthenticated
 */
export async function resolveCaller(headers: Headers): Promise<Caller | null> {
  if (headers.has('authorization')) return tokenCaller(headers);
  return sessionCaller(headers);
}

type SessionRow = { id: string; user_id: string; email: string; name: string; role: string };

async function sessionCaller(headers: Headers): Promise<Caller | null> {
  const token = sessionToken(headers);
  const [row] = token ? await database().rows<SessionRow>(findSession(token), { everyRoute: true, reserved: true }) : [];
  if (!row || !isRole(row.role)) return null;
  return { userId: row.user_id, email: row.email, name: row.name, role: row.role, via: { kind: 'session', sessionId: row.id } };
}

/** The session's token from its signed cookie, checked as the library does: who can read the sessions table still cannot make one. */
function sessionToken(headers: Headers): string | null {
  const prefix = `${sessionCookieName()}=`;
  const pair = (headers.get('cookie') ?? '').split('; ').find((part) => part.startsWith(prefix));
  const value = decode(pair?.slice(prefix.length) ?? '');
  const dot = value.lastIndexOf('.');
  if (dot < 1) return null;
  const token = value.slice(0, dot);
  const expected = createHmac('sha256', readEnv().AUTH_SECRET ?? '').update(token).digest();
  const sent = Buffer.from(value.slice(dot + 1), 'base64');
  return sent.length === expected.length && timingSafeEqual(sent, expected) ? token : null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** A session `s` that is not over: seven days after it began (auth.ts), or twelve hours after its last use. */
export const liveSession = sql`s.expires_at > now() and s.updated_at > now() - interval '12 hours'`;

/** One statement: the session with its user, and its last use, kept to five minutes. */
const findSession = (token: string) => sql`
  with found as (
    select s.id, s.updated_at, u.id as user_id, u.email, u.name, u.role
    from sessions s join users u on u.id = s.user_id
    where s.token = ${token} and u.active and ${liveSession}
  ), touched as (
    update sessions s set updated_at = now() from found f where s.id = f.id and f.updated_at < now() - interval '5 minutes'
  )
  select id, user_id, email, name, role from found`;

type TokenRow = { id: string; scopes: string[]; user_id: string; email: string; name: string; role: string };

async function tokenCaller(headers: Headers): Promise<Caller> {
  const token = bearerToken(headers);
  const [row] = token ? await database().rows<TokenRow>(findToken(hashToken(token)), { everyRoute: true, reserved: true }) : [];
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
