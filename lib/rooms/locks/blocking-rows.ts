import type { Finding } from '@/lib/kit/finding';
import { formatMs } from '@/lib/units';
import type { PreparedTransaction, Session, Waiting } from './blocked';
import { blockingTree, type Place, type Wait } from './blocking-tree';
import { sessionRemedy } from '@/lib/kit/session-columns';
import { endPrepared, shownText } from './sessions';

/** pg_blocking_pids says 0 for any prepared transaction; pg_locks tells which. */
export const preparedPrefix = 'prepared ';
export const unknownPrepared = `${preparedPrefix}(unknown)`;

export const waitsOf = (waiting: Waiting[]): Wait[] =>
  waiting.map(({ pid, blockers, prepared }) => {
    const named = prepared && prepared.length > 0 ? prepared.map((gid) => preparedPrefix + gid) : [unknownPrepared];
    return { waiter: pid, blockers: [...new Set(blockers.flatMap((blocker) => (blocker === 0 ? named : [String(blocker)])))] };
  });

export type BlockingRow = {
  place: number; depth: number; session: string; behind: number; waiting_ms: number | null; longest_ms: number | null; blocked_by: string | null;
  relation: string | null; locktype: string | null; mode: string | null; usr: string | null; datname: string | null; application: string | null;
  backend: string | null; state: string | null; xact_ms: number | null; state_ms: number | null; root: string; own: boolean; started: string | null; xact: string | null; statement: string | null; query: string | null;
};

export function rowsOf(waits: Wait[], waiting: ReadonlyMap<string, Waiting>, sessions: ReadonlyMap<string, Session>, prepared: ReadonlyMap<string, PreparedTransaction>): BlockingRow[] {
  const places = blockingTree(waits);
  const blockersOf = new Map(waits.map(({ waiter, blockers }) => [waiter, blockers]));
  const longest = longestBehind(places, waiting);
  return places.map(({ id, depth, root, behind }, index) => {
    const wait = waiting.get(id);
    return {
      place: index + 1, depth, session: id, behind, root,
      waiting_ms: wait?.waiting_ms ?? null, longest_ms: longest.get(id) ?? null, blocked_by: blockersOf.get(id)?.join(', ') ?? null,
      relation: wait?.relation ?? null, locktype: wait?.locktype ?? null, mode: wait?.mode ?? null,
      ...who(id, sessions, prepared),
    };
  });
}

function who(id: string, sessions: ReadonlyMap<string, Session>, prepared: ReadonlyMap<string, PreparedTransaction>) {
  if (id.startsWith(preparedPrefix)) {
    const known = prepared.get(id.slice(preparedPrefix.length));
    return { usr: known?.usr ?? null, datname: known?.datname ?? null, application: null, backend: 'prepared transaction', state: 'prepared', xact_ms: known?.xact_ms ?? null, state_ms: known?.xact_ms ?? null, own: false, started: null, xact: null, statement: null, query: null };
  }
  const known = sessions.get(id);
  if (!known) return { usr: null, datname: null, application: null, backend: null, state: null, xact_ms: null, state_ms: null, own: false, started: null, xact: null, statement: null, query: null };
  const { pid: _, ...session } = known;
  return { ...session, query: shownText(session.query) };
}

/** Under a root, the longest wait of those that stand in its part of the tree. */
function longestBehind(places: Place[], waiting: ReadonlyMap<string, Waiting>): Map<string, number> {
  const longest = new Map<string, number>();
  for (const { id, root, depth } of places) {
    const ms = waiting.get(id)?.waiting_ms ?? 0;
    if (depth > 0) longest.set(root, Math.max(longest.get(root) ?? 0, ms));
  }
  return longest;
}

export function blockerFinding(row: BlockingRow): Finding {
  const since = row.longest_ms ?? 0;
  const others = row.behind === 1 ? 'one session' : `${row.behind} sessions`;
  return {
    code: 'locks.blocker',
    severity: since >= 60_000 || row.behind >= 10 ? 'critical' : 'warning',
    about: row.session.startsWith(preparedPrefix) ? row.session : `pid ${row.session}`,
    says: `Blocks ${others}, the longest for ${formatMs(since)}: ${doing(row)}`,
    evidence: { session: row.session, behind: row.behind, longest_ms: since, usr: row.usr, state: row.state, xact_ms: row.xact_ms, state_ms: row.state_ms },
    remedy: remedyOf(row),
  };
}

function doing(row: BlockingRow): string {
  const name = row.application ?? row.usr ?? 'the session';
  if (row.state === 'prepared') return 'it is a prepared transaction, which keeps its locks until somebody ends it by name.';
  if (row.state === null) return 'what it does is hidden from the monitoring role, or it has no state.';
  if (row.state.startsWith('idle in transaction')) return `${name} has been idle in its transaction for ${formatMs(row.state_ms ?? 0)}. Ending the session rolls the transaction back.`;
  if (row.state === 'idle') return `${name} is idle outside a transaction and keeps a lock of the session, such as an advisory lock. Ending the session gives it back.`;
  return `${name} has been running its statement for ${formatMs(row.state_ms ?? 0)}. Cancelling it makes its transaction fail.`;
}

function remedyOf(row: BlockingRow): Finding['remedy'] {
  if (row.session === unknownPrepared) return { sql: 'SELECT gid, prepared, owner, database FROM pg_prepared_xacts ORDER BY prepared;' };
  if (row.state === 'prepared') return { sql: endPrepared(row.session.slice(preparedPrefix.length), row.datname) };
  return sessionRemedy(row.session, row);
}
