import { DrizzleQueryError } from 'drizzle-orm/errors';
import { DatabaseError } from 'pg';
import { BrokenCircuitError } from 'cockatiel';
import { AppError } from '@/lib/errors';

/** Drizzle wraps the driver's error in one whose message holds the parameters: only the cause is ever looked at. */
export function driverError(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}

export function sqlState(error: unknown): string | undefined {
  const cause = driverError(error);
  return cause instanceof DatabaseError ? cause.code : undefined;
}

/** The constraint that refused a write, where one did. */
export function violatedConstraint(error: unknown): string | undefined {
  const cause = driverError(error);
  return cause instanceof DatabaseError ? cause.constraint : undefined;
}

const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT', 'EACCES']);
const networkMessages = /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|Query read timeout|server does not support SSL|self[- ]signed certificate|certificate/i;
/** Shutting down, crashed, starting up, and any connection exception (class 08). */
const unavailableStates = /^(08...|57P01|57P02|57P03)$/;
const credentialStates = new Set(['28P01', '28000', '3D000']);

/** The server cannot be talked to: what the circuit breaker counts. */
export function isUnavailable(error: unknown): boolean {
  const cause = driverError(error);
  if (cause instanceof AggregateError) return cause.errors.some(isUnavailable);
  if (cause instanceof BrokenCircuitError) return true;
  if (cause instanceof DatabaseError) return unavailableStates.test(cause.code ?? '');
  if (!(cause instanceof Error)) return false;
  return ('code' in cause && typeof cause.code === 'string' && networkCodes.has(cause.code)) || networkMessages.test(cause.message);
}

export const isRefusedCredentials = (error: unknown): boolean => credentialStates.has(sqlState(error) ?? '');

/** Too many connections on the server, or out of memory or locks there. */
export const isBusy = (error: unknown): boolean => sqlState(error)?.startsWith('53') ?? false;

/** Where files are made longer. What is no plain ENOSPC, a quota or a limit on files, PostgreSQL calls an internal error. */
const growing = new Set(['mdextend', 'mdzeroextend', 'BufFileDumpBuffer', 'XLogFileInitInternal']);

/** The server could not make a file longer: its disk is full, or a quota or limit is reached. */
export function isDiskFull(error: unknown): boolean {
  const cause = driverError(error);
  return cause instanceof DatabaseError && (cause.code === '53100' || (cause.code === 'XX000' && growing.has(cause.routine ?? '')));
}

/** Cancelled by statement_timeout or lock_timeout. */
export const isTimeout = (error: unknown): boolean => ['57014', '55P03'].includes(sqlState(error) ?? '');

export const isPermissionDenied = (error: unknown): boolean => sqlState(error) === '42501';

/** Two writers met: running the transaction again can succeed. */
export const isRetryable = (error: unknown): boolean => ['40001', '40P01'].includes(sqlState(error) ?? '');

/** A driver's error as one for people: never its text, which can hold data. Anything unknown stays unknown. */
export function toAppError(error: unknown): AppError | undefined {
  const cause = driverError(error);
  // Drizzle wraps what our pool says as it wraps what the driver says.
  if (cause instanceof AppError) return cause;
  if (isUnavailable(error) || isRefusedCredentials(error)) {
    return new AppError('database_unavailable', 'The database cannot be reached at the moment. It is tried again every second.', { retryAfter: 1 }, { cause: error });
  }
  if (isBusy(error)) return new AppError('database_busy', 'The database has no room for another connection.', { retryAfter: 1 }, { cause: error });
  if (isTimeout(error)) return new AppError('deadline_exceeded', 'The database took longer than the limit for this request.', { retryAfter: 5 }, { cause: error });
  if (isRetryable(error)) return new AppError('database_busy', 'Two changes met; try again.', { retryAfter: 1 }, { cause: error });
  return undefined;
}
