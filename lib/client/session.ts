import { api } from './api';

/** @throws ApiError 401 wrong credentials, 403 disabled, 422 with fields, 429 with retryAfter */
export const signIn = (email: string, password: string): Promise<unknown> => api('/api/auth/sign-in/email', { method: 'POST', body: { email, password } });

/** Ends the session, and leaves the page with everything that it holds. */
export async function signOut(): Promise<void> {
  await api('/api/auth/sign-out', { method: 'POST' });
  window.location.assign('/sign-in');
}

/** Only a path of this console may follow a sign-in: `//host`, `/\\host` and `/<tab>/host` would leave it. */
export function safeNext(next: string | null | undefined): string {
  return next && /^\/(?!\/)[^\\\s\p{Cc}]*$/u.test(next) && !next.startsWith('/sign-in') && !next.startsWith('/api/') ? next : '/';
}
