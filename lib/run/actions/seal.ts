import 'server-only';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readEnv } from '@/lib/env';
import { AppError } from '@/lib/errors';

/** What a preview rests on, part by part, so that it can be said what has changed. */
export type Parts = Record<'object' | 'size' | 'plan' | 'guards' | 'action', string>;

const says: Record<keyof Parts, string> = {
  object: 'the object is another one now',
  size: 'the object has another size now',
  plan: 'the plan would be another one now',
  guards: 'what speaks against it has changed',
  action: 'it was made for another action or other parameters',
};

export const sealMs = 10 * 60_000;

const hashed = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 12);
const signed = (text: string) => createHmac('sha256', readEnv().AUTH_SECRET ?? '').update(`riskdesk.seal ${text}`).digest();
/** What of a preview is kept to be compared with later ones. */
export const hashesOf = (parts: Parts): Parts => Object.fromEntries(Object.entries(parts).map(([part, text]) => [part, hashed(text)])) as Parts;

/** A preview's seal: what was shown, as hashes, with the time at which it expires. Only this console's secret makes one. */
export function sealOf(parts: Parts, now = Date.now()): { seal: string; expiresAt: string } {
  const expires = now + sealMs;
  const body = Buffer.from(JSON.stringify({ expires, parts: hashesOf(parts) })).toString('base64url');
  return { seal: `${body}.${signed(body).toString('base64url')}`, expiresAt: new Date(expires).toISOString() };
}

const stale = (changed: string[]) => new AppError('seal_stale', `Look at the preview again: ${changed.join('; ')}.`, { changed });

/** @throws AppError seal_stale with what has changed since the preview, or because it has expired or is none of ours */
export function checkSeal(seal: string, parts: Parts, now = Date.now()): void {
  const [body = '', signature = ''] = seal.split('.');
  const [sent, expected] = [Buffer.from(signature, 'base64url'), signed(body)];
  if (sent.length !== expected.length || !timingSafeEqual(sent, expected)) throw stale(['this seal is not from this console']);
  const { expires, parts: shown } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { expires: number; parts: Parts };
  if (expires < now) throw stale(['the preview is older than ten minutes']);
  checkUnchanged(shown, parts);
}

/** @throws AppError seal_stale with what is not as it was shown */
export function checkUnchanged(shown: Parts, parts: Parts): void {
  const today = hashesOf(parts);
  const changed = (Object.keys(says) as (keyof Parts)[]).filter((part) => shown[part] !== today[part]);
  if (changed.length > 0) throw stale(changed.map((part) => says[part]));
}
