import 'server-only';
import { createHash, randomBytes } from 'node:crypto';

const prefix = 'rdt_';

/** A new API token: 256 random bits. Only its hash is stored. */
export function newToken(): { token: string; hash: string; hint: string } {
  const token = `${prefix}${randomBytes(32).toString('base64url')}`;
  return { token, hash: hashToken(token), hint: token.slice(0, prefix.length + 4) };
}

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The token of `Authorization: Bearer …`, if that is what the header holds. */
export function bearerToken(headers: Headers): string | null {
  const match = /^Bearer ([\w-]{1,200})$/i.exec(headers.get('authorization') ?? '');
  return match?.[1] ?? null;
}
