// SQLSTATEs of a server that is starting, stopping or full, and what the network says when there is none.
const awayStates = new Set(['57P01', '57P02', '57P03', '53300', '08000', '08001', '08003', '08004', '08006']);
const awayCodes = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'ENETDOWN', 'EHOSTDOWN',
]);
const refusedStates = new Set(['28P01', '28000', '3D000', '42501']);

/** A library wraps the driver's error, and a host with several addresses yields one error for each. */
function* causes(error: unknown): Generator<Error & { code?: string }> {
  if (!(error instanceof Error)) return;
  yield error;
  yield* causes(error.cause);
  if (error instanceof AggregateError) for (const inner of error.errors) yield* causes(inner);
}

/** The database is away, and may come: the console serves meanwhile. */
export function isUnreachable(error: unknown): boolean {
  for (const { code, message } of causes(error)) {
    if (code !== undefined && (awayStates.has(code) || awayCodes.has(code))) return true;
    if (/timeout expired|timed? ?out|Connection terminated|connect timeout/i.test(message)) return true;
  }
  return false;
}

/** The database is there and does not let us in: waiting would not help. */
export function isRefusal(error: unknown): boolean {
  for (const { code, message } of causes(error)) {
    if (code !== undefined && refusedStates.has(code)) return true;
    // PgBouncer's words, under the state of a protocol violation.
    if (/authentication failed/.test(message)) return true;
  }
  return false;
}
