import { NextResponse, type NextRequest } from 'next/server';

/**
 * Gives every page a Content-Security-Policy with a nonce of its own. It decides nothing about who may see what: each page
 * and each endpoint does that itself. It never covers /api: a proxy buffers request bodies and cuts uploads off at 10 MB.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = btoa(crypto.randomUUID());
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  // Next takes the nonce from the request's own policy: what the client sent must not reach it.
  for (const name of inbound) headers.delete(name);
  headers.set('x-nonce', nonce);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

const inbound = ['content-security-policy', 'content-security-policy-report-only', 'x-nonce'];

function contentSecurityPolicy(nonce: string): string {
  // React rebuilds stack traces with eval while developing, and only then.
  const development = process.env.NODE_ENV === 'development' ? " 'unsafe-eval'" : '';
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

// Everything else is a page or may be answered with one: an address that looks like a file leads to the page of a room, or to 404.
export const config = { matcher: ['/((?!api/|_next/static/|_next/image$).*)'] };
