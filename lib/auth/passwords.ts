import 'server-only';
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import pLimit from 'p-limit';
import { AppError } from '@/lib/errors';

/**
 * scrypt with N=2^15, r=8, p=3: one of the equal-strength settings of the OWASP Password Storage Cheat Sheet, 32 MiB a
 * hash. One at a time: hashing takes a core for its while, and the other requests must not wait for it.
 */
const cost = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const keyBytes = 32;
const atOnce = pLimit(1);
const mostWaiting = 20;

function derive(password: string, salt: Buffer): Promise<Buffer> {
  if (atOnce.pendingCount >= mostWaiting) throw new AppError('too_many_requests', 'Many people are signing in right now; try again in a few seconds.', { retryAfter: 5 });
  return atOnce(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(password.normalize('NFKC'), salt, keyBytes, cost, (error, key) => (error ? reject(error) : resolve(key)));
      }),
  );
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt);
  return `scrypt-15-8-3:${salt.toString('base64url')}:${key.toString('base64url')}`;
}

export async function verifyPassword({ hash, password }: { hash: string; password: string }): Promise<boolean> {
  const [scheme, salt, key] = hash.split(':');
  const expected = Buffer.from(key ?? '', 'base64url');
  const derived = await derive(password, Buffer.from(salt ?? '', 'base64url'));
  return scheme === 'scrypt-15-8-3' && expected.length === keyBytes && timingSafeEqual(expected, derived);
}
