import { auth } from '@/lib/auth/auth';
import type { Answer } from '@/lib/kit/endpoint';

/** Headers that the library may see; the client's address is ours, the origin was checked before. */
const passed = ['cookie', 'user-agent', 'x-riskdesk-client'];

const json = async (response: Response): Promise<unknown> => JSON.parse((await response.text()) || 'null');

/** A session's token belongs into its HttpOnly cookie and nowhere that a script can read. */
function withoutTokens(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTokens);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (key === 'token' ? [] : [[key, withoutTokens(inner)]])));
}

/** Hands a checked request to the auth library and takes its answer, cookies included. */
export async function passOn(request: Request, path: string, body?: Record<string, unknown>): Promise<Answer> {
  const headers = new Headers();
  for (const name of passed) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (body) headers.set('content-type', 'application/json');
  const url = new URL(`/api/auth/${path}`, request.url);
  const response = await auth().handler(new Request(url, { method: body ? 'POST' : 'GET', headers, ...(body ? { body: JSON.stringify(body) } : {}) }));
  const cookies = response.headers.getSetCookie();
  return { status: response.status, json: withoutTokens(await json(response)), ...(cookies.length > 0 ? { cookies } : {}) };
}
