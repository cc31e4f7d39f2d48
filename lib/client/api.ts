import { ApiError, toApiError } from './problem';

export { ApiError, messageOf } from './problem';

type Query = Record<string, string | number | boolean | null | undefined | readonly string[]>;

type Options = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Query;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** An answer of this moment, not one that others share. */
  fresh?: boolean;
  /** Statuses beyond 2xx whose body is an answer too. */
  accept?: number[];
};

/** `/api/x?a=1`: null, undefined and empty values are left out, lists repeat their key. */
export function apiUrl(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) if (one !== null && one !== undefined && one !== '') search.append(key, String(one));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Asks the API. The answer's type is the caller's promise: the contract test compares it with the schemas. @throws ApiError */
export async function api<T>(path: `/api/${string}`, options: Options = {}): Promise<T> {
  const { method = 'GET', query, body, signal, fresh = false, accept = [] } = options;
  const response = await send(apiUrl(path, query), {
    method,
    headers: { accept: 'application/json', ...(fresh ? { 'cache-control': 'no-cache' } : {}), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (!response.ok && !accept.includes(response.status)) throw await refusal(response);
  if (response.status === 204) return asAnswer<T>(undefined);
  return asAnswer<T>(await response.json().catch(() => null));
}

const asAnswer = <T>(value: unknown): T => value as T;

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'offline', 'The console does not answer.');
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const error = await toApiError(response);
  const signedOut = error.status === 401 && !new URL(response.url).pathname.startsWith('/api/auth/');
  if (signedOut) leaveForSignIn();
  return error;
}

/** The session has ended: the way back leads to where one was. */
function leaveForSignIn(): void {
  const here = window.location.pathname + window.location.search;
  if (!here.startsWith('/sign-in')) window.location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}
