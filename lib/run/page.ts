import 'server-only';
import { headers } from 'next/headers';
import { forbidden, notFound, redirect, unstable_rethrow } from 'next/navigation';
import { cache, type ReactNode } from 'react';
import { z } from 'zod';
import { resolveCaller } from '@/lib/auth/caller';
import { inRoute } from '@/lib/db/route';
import { may, type Caller } from '@/lib/kit/caller';
import type { Permission } from '@/lib/kit/permission';
import { toAppError } from '@/lib/pg/errors';
import { unexpected } from './http';

type Query = Record<string, string | string[] | undefined>;
type Props = { params: Promise<Query>; searchParams: Promise<Query> };
type PageInput = { caller: Caller; params: Query; searchParams: Query };

/** What the error page looks for, to say that the database is away rather than that the console is broken. */
export const outageDigest = 'database_unavailable';

/** The person behind this request, asked once per request. Null without a session. */
export const currentCaller = cache(async (): Promise<Caller | null> => {
  try {
    const from = new Headers(await headers());
    return await inRoute('every page', 'session', () => resolveCaller(from));
  } catch (error) {
    if (toAppError(error)?.code === 'unauthenticated') return null;
    throw withoutData(error);
  }
});

/**
 * Next logs what a page throws with all that it holds, and a database's error can hold a row. So the page throws one of ours, marked
 * where the database is away, or with the reference under which the log has its kind and place.
 */
function withoutData(error: unknown): unknown {
  // Redirects, 403 and 404 are thrown too.
  unstable_rethrow(error);
  const { status, message, details } = toAppError(error) ?? unexpected(error, 'a page');
  const digest = status === 503 ? outageDigest : details['reference'];
  return Object.assign(new Error(message), digest === undefined ? {} : { digest });
}

/** What an id in the address leads to, or the page that is not there: an id that is none is nobody's either. */
export async function foundOr404<T>(id: unknown, find: (id: string) => Promise<T>): Promise<T> {
  const known = z.guid().safeParse(id);
  if (!known.success) notFound();
  try {
    return await find(known.data);
  } catch (error) {
    if (toAppError(error)?.code === 'not_found') notFound();
    throw error;
  }
}

/** What Next parsed, as the address has it again. */
export function toSearchParams(query: Query): URLSearchParams {
  return new URLSearchParams(Object.entries(query).flatMap(([key, value]) => [value ?? []].flat().map((one): [string, string] => [key, one])));
}

/**
 * A page with who may see it. No session leads to sign-in, a role that may not see it to the forbidden page (403). A
 * loading.tsx above a page would send 200 before the page has decided. A page that asks the database itself gives its
 * pattern, by which its statements are known there.
 */
export function consolePage(access: Permission | 'signed-in', render: (input: PageInput) => Promise<ReactNode> | ReactNode, pattern?: string) {
  return async function Page(props: Props): Promise<ReactNode> {
    const caller = await currentCaller();
    if (!caller) redirect('/sign-in');
    if (access !== 'signed-in' && !may(caller, access)) forbidden();
    try {
      const input = { caller, params: await props.params, searchParams: await props.searchParams };
      return await (pattern === undefined ? render(input) : inRoute('page', pattern, async () => render(input)));
    } catch (error) {
      throw withoutData(error);
    }
  };
}
