import 'server-only';
import type { IncomingMessage } from 'node:http';

const routable = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Next answers 500 to a request line that it cannot route, which is the sender's mistake and not ours. A method that no
 * route can have becomes OPTIONS, which none of ours has: 405. A path that does not decode is taken as it is written.
 */
export function makeRoutable(request: Pick<IncomingMessage, 'method' | 'url'>): void {
  if (!routable.has(request.method ?? '')) request.method = 'OPTIONS';
  const [path = '', ...query] = withoutOrigin(request.url ?? '/').split('?');
  request.url = [isDecodable(path) ? path : path.replaceAll('%', '%25'), ...query].join('?');
}

/** A proxy may send the whole address, and `*` is not a path. */
function withoutOrigin(url: string): string {
  if (url.startsWith('/')) return url;
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return `/${url}`;
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
