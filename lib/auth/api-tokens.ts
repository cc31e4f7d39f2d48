import 'server-only';
import { uuidv7 } from 'uuidv7';
import { transaction, type Database } from '@/lib/db/client';
import { writeAudit } from '@/lib/db/audit';
import { AppError } from '@/lib/errors';
import { may, permissionsOf, type Caller } from '@/lib/kit/caller';
import { array, sql } from '@/lib/pg/sql';
import type { MadeToken, NewToken, TokenView } from '@/lib/rooms/auth/schema';
import { requireOwn } from './own';
import { newToken } from './tokens';

/** More is a loop somewhere. */
const mostTokens = 100;

const columns = sql`id, user_id as "userId", name, hint, scopes, created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt"`;

/** A user's tokens, expired ones too, the newest first. @throws AppError forbidden */
export async function listTokens(db: Database, userId: string, caller: Caller): Promise<TokenView[]> {
  requireOwn(caller, userId);
  return db.rows<TokenView>(sql`select ${columns} from api_tokens where user_id = ${userId} order by id desc`);
}

/** Nobody hands on more than they have: a token no more than its own scopes. */
function requireOwnScopes(caller: Caller, scopes: readonly string[]): void {
  const own: readonly string[] = permissionsOf(caller);
  const beyond = scopes.filter((scope) => !own.includes(scope));
  if (beyond.length > 0) throw new AppError('forbidden', `A token cannot have scopes that you do not have: ${beyond.join(', ')}.`);
}

/** The answer holds the token's text, the only time that anyone sees it. @throws AppError forbidden, conflict */
export async function createToken(wanted: NewToken, caller: Caller, address: string): Promise<MadeToken> {
  requireOwn(caller, caller.userId);
  requireOwnScopes(caller, wanted.scopes);
  const { token, hash, hint } = newToken();
  const made = await transaction(async (tx) => {
    // The user's row is locked, so that many requests at once do not pass the limit together.
    await tx.rows(sql`select from users where id = ${caller.userId} for update`);
    const [count] = await tx.rows<{ n: number }>(sql`select count(*)::int as n from api_tokens where user_id = ${caller.userId}`);
    if ((count?.n ?? 0) >= mostTokens) throw new AppError('conflict', `You have ${mostTokens} tokens: revoke one first.`);
    const [row] = await tx.rows<TokenView>(sql`
      insert into api_tokens (id, user_id, name, hint, token_hash, scopes, expires_at)
      values (${uuidv7()}, ${caller.userId}, ${wanted.name}, ${hint}, ${hash}, ${array(wanted.scopes)}, ${wanted.expiresAt ?? null})
      returning ${columns}`);
    if (!row) throw new Error('the insert returned no row');
    const details = { name: wanted.name, scopes: wanted.scopes, expiresAt: wanted.expiresAt ?? null };
    await writeAudit(tx, { caller, action: 'auth.create_token', object: `token:${row.id}`, outcome: 'success', details, address });
    return row;
  });
  return { ...made, token };
}

/** Somebody else's is not there for those who may not manage users. @throws AppError not_found, forbidden */
export async function revokeToken(id: string, caller: Caller, address: string): Promise<void> {
  requireOwn(caller, caller.userId);
  const whose = may(caller, 'users:manage') ? sql`true` : sql`user_id = ${caller.userId}`;
  await transaction(async (tx) => {
    const [gone] = await tx.rows<{ user_id: string; name: string }>(sql`delete from api_tokens where id = ${id} and ${whose} returning user_id, name`);
    if (!gone) throw new AppError('not_found', 'There is no such token.');
    await writeAudit(tx, { caller, action: 'auth.revoke_token', object: `token:${id}`, outcome: 'success', details: { userId: gone.user_id, name: gone.name }, address });
  });
}
