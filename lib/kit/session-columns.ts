import { col } from './column';
import type { Remedy } from './finding';
import { sql } from '@/lib/pg/sql';

/** What tells a statement from the next one of its session: its query id, or when it began. `a` is pg_stat_activity. */
export const statementKey = sql`coalesce(a.query_id::text, to_char(a.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'))`;

/** What the actions on a session are told, so that they act on that one and no other; the last two NULL where no statement runs. */
export const actedOn = sql`a.backend_start::text as started, case when a.state in ('active', 'fastpath function call') then a.xact_start::text end as xact,
        case when a.state in ('active', 'fastpath function call') then ${statementKey} end as statement`;

export const actedOnColumns = {
  started: col.maybe(col.code('Session began')),
  xact: col.maybe(col.code('Transaction began', { note: 'Of a statement that runs' })),
  statement: col.maybe(col.code('Statement', { note: 'What tells it from the session’s next: its query id, or when it began' })),
};

export type ActedOn = { started: string | null; xact: string | null; statement: string | null };

export const sessionActions = <P extends string>(pid: P): { action: string; from: Record<string, P | keyof ActedOn> }[] => [
  { action: 'locks.cancel', from: { pid, started: 'started', xact: 'xact', statement: 'statement' } },
  { action: 'locks.terminate', from: { pid, started: 'started' } },
];

/** A statement that runs is cancelled; without one the session is ended. */
export function sessionRemedy(pid: string, { started, xact, statement }: ActedOn): Remedy | null {
  if (started === null) return null;
  return xact !== null && statement !== null ? { action: 'locks.cancel', params: { pid, started, xact, statement } } : { action: 'locks.terminate', params: { pid, started } };
}
