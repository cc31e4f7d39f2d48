import 'server-only';
import { readEnv } from '@/lib/env';
import { AppError } from '@/lib/errors';

const ownSites = new Set(['same-origin', 'none']);

/**
 * Refuses what another site makes a browser send. A foreign Origin or Sec-Fetch-Site never changes anything; with a
 * cookie they must be there and be ours; a program with a token (or signing in) sends neither.
 * The Host header is what the browser addressed; forwarded host names are ignored, PUBLIC_URL tells what they would.
 * @throws AppError foreign_origin
 */
export function requireSameOrigin(request: Request): void {
  const origin = request.headers.get('origin');
  const site = request.headers.get('sec-fetch-site');
  if (site !== null && !ownSites.has(site)) throw foreign();
  if (origin !== null && !isOurs(origin, request.headers.get('host'))) throw foreign();
  const proven = origin !== null || site === 'same-origin';
  if (!proven && request.headers.has('cookie')) throw foreign();
}

function isOurs(origin: string, host: string | null): boolean {
  if (!URL.canParse(origin)) return false;
  const { PUBLIC_URL } = readEnv();
  if (PUBLIC_URL && origin === new URL(PUBLIC_URL).origin) return true;
  return host !== null && new URL(origin).host === host;
}

const foreign = () => new AppError('foreign_origin', 'This request comes from another site, or does not say where it comes from.');
