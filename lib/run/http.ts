import 'server-only';
import { randomUUID } from 'node:crypto';
import { AppError, toProblem } from '@/lib/errors';
import type { Answer } from '@/lib/kit/endpoint';
import { driverError, sqlState, toAppError } from '@/lib/pg/errors';
import { log } from './log';

/** An answer as a response. */
export function respond(answer: Answer): Response {
  const { status = 200, cookies = [] } = answer;
  const headers = new Headers(answer.headers);
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  if (answer.stream) {
    headers.set('content-type', answer.type ?? 'application/octet-stream');
    return new Response(answer.stream, { status, headers });
  }
  const text = answer.text ?? (answer.json === undefined ? undefined : JSON.stringify(answer.json));
  if (text === undefined) return new Response(null, { status, headers });
  headers.set('content-type', answer.type ?? 'application/json');
  return new Response(text, { status, headers });
}

/** Any error as RFC 9457. What is not known by name is logged under a reference, without its message, and answered as 500. */
export function respondError(error: unknown, where: string): Response {
  const known = toAppError(error) ?? unexpected(error, where);
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (known.details.retryAfter !== undefined) headers['retry-after'] = String(known.details.retryAfter);
  return new Response(JSON.stringify(toProblem(known)), { status: known.status, headers });
}

/** Logs the kind of an error and its place, and answers with the reference to that. */
export function unexpected(error: unknown, where: string): AppError {
  const reference = randomUUID();
  const cause = driverError(error);
  // A message can hold parameter values: the log gets the kind of error and its place.
  const frames = cause instanceof Error ? (cause.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at ')).slice(0, 8) : [];
  log('error', 'unexpected error', { reference, where, kind: cause instanceof Error ? cause.name : typeof cause, sqlState: sqlState(error) ?? null, frames });
  return new AppError('internal', `Something went wrong on our side. Reference ${reference} is in the log.`, { reference });
}
