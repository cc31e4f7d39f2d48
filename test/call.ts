import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Handlers } from '@/lib/run/serve';

const root = join(import.meta.dirname, '..');
export const origin = 'http://localhost:3000';

type Route = { file: string; segments: string[] };

/** Every route file of the API, the most static first, as Next chooses between them. */
export const routes: Route[] = readdirSync(join(root, 'app/api'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('route.ts'))
  .map((file) => ({ file: `app/api/${file}`, segments: file.split('/').slice(0, -1) }))
  .toSorted((a, b) => rank(b.segments).localeCompare(rank(a.segments)));

function rank(segments: string[]): string {
  return segments.map((segment) => (segment.startsWith('[...') ? '0' : segment.startsWith('[') ? '1' : '2')).join('');
}

function match({ segments }: Route, path: string[]): Record<string, string | string[]> | null {
  const params: Record<string, string | string[]> = {};
  for (const [index, segment] of segments.entries()) {
    const name = /^\[(?:\.\.\.)?(\w+)\]$/.exec(segment)?.[1];
    if (segment.startsWith('[...')) return path.length > index && name ? { ...params, [name]: path.slice(index) } : null;
    const part = path[index];
    if (part === undefined || (!name && segment !== part)) return null;
    if (name) params[name] = decodeURIComponent(part);
  }
  return segments.length === path.length ? params : null;
}

export type Sent = { cookie?: string; token?: string; body?: unknown; text?: string; type?: string; headers?: Record<string, string>; address?: string };
export type Got = { status: number; body: unknown; text: string; headers: Headers };

function toRequest(method: string, path: string, { cookie, token, body, text, type = 'application/json', headers = {}, address = '192.0.2.1' }: Sent): Request {
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
  // As a browser's own reload: what a test has just changed is in the answer.
  const all = new Headers({ host: 'localhost:3000', 'x-riskdesk-client': address, 'cache-control': 'no-cache' });
  if (cookie) {
    all.set('cookie', cookie);
    all.set('origin', origin);
  }
  if (token) all.set('authorization', `Bearer ${token}`);
  if (payload !== undefined) all.set('content-type', type);
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  return new Request(new URL(path, origin), { method, headers: all, ...(payload === undefined ? {} : { body: payload }) });
}

/** Calls the handler that Next would call, with a request of this process: no server between. */
export async function call(method: string, path: string, sent: Sent = {}): Promise<Got> {
  const request = toRequest(method, path, sent);
  const parts = new URL(request.url).pathname.split('/').slice(2);
  for (const route of routes) {
    const params = match(route, parts);
    if (!params) continue;
    const handlers = (await import(/* @vite-ignore */ join(root, route.file))) as Partial<Handlers>;
    const handler = handlers[method as keyof Handlers];
    if (!handler) throw new Error(`${route.file} does not export ${method}`);
    const response = await handler(request, { params: Promise.resolve(params) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  }
  throw new Error(`no route for ${path}`);
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}
