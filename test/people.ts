import { createHmac, randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { hashPassword } from '@/lib/auth/passwords';
import { newToken } from '@/lib/auth/tokens';
import { permissions, roles, type Permission, type Role } from '@/lib/kit/permission';
import type { TestDatabase } from './database';

export type Person = { id: string; email: string; sessionId: string; cookie: string };
export type People = Record<Role, Person> & { password: string };

/** The cookie as the auth library signs it. */
export function signedCookie(token: string, secret = process.env.AUTH_SECRET ?? ''): string {
  const signature = createHmac('sha256', secret).update(token).digest('base64');
  return `riskdesk.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
}

export async function addSession(db: Pick<TestDatabase, 'sql'>, userId: string): Promise<{ sessionId: string; cookie: string }> {
  const [sessionId, token] = [uuidv7(), randomBytes(24).toString('base64url')];
  await db.sql(`insert into sessions (id, user_id, token, expires_at) values ($1, $2, $3, now() + interval '1 day')`, [sessionId, userId, token]);
  return { sessionId, cookie: signedCookie(token) };
}

export async function addToken(db: Pick<TestDatabase, 'sql'>, userId: string, scopes: readonly Permission[] = permissions): Promise<{ id: string; token: string }> {
  const [id, { token, hash, hint }] = [uuidv7(), newToken()];
  await db.sql('insert into api_tokens (id, user_id, name, hint, token_hash, scopes) values ($1, $2, $3, $4, $5, $6)', [id, userId, 'of a test', hint, hash, scopes]);
  return { id, token };
}

export async function addUser(db: Pick<TestDatabase, 'sql'>, role: Role, hash: string, email = `${role}-${randomBytes(4).toString('hex')}@riskdesk.example`): Promise<Person> {
  const id = uuidv7();
  await db.sql('insert into users (id, email, name, role) values ($1, $2, $3, $4)', [id, email, role, role]);
  await db.sql(`insert into accounts (id, user_id, account_id, provider_id, password) values ($1, $2, $3, 'credential', $4)`, [uuidv7(), id, id, hash]);
  return { id, email, ...(await addSession(db, id)) };
}

/** One signed-in person of each role, all with the same password: a hash takes half a second of a core. */
export async function usePeople(db: Pick<TestDatabase, 'sql'>): Promise<People> {
  const password = 'a password of the tests';
  const hash = await hashPassword(password);
  const people: Partial<People> = { password };
  for (const role of roles) people[role] = await addUser(db, role, hash, `${role}@riskdesk.example`);
  return people as People;
}
