import { action, type Refusal } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { statementKey } from '@/lib/kit/session-columns';
import { literal, sql, type SQL } from '@/lib/pg/sql';
import { findSession, sessionGuards, sessionParams, thisSession, waitingBehind, type SessionObject } from './session-object';

/** The statement that was seen, in the transaction that was seen: the next one of the same session is left alone. */
const thisStatement = (object: SessionObject): SQL =>
  sql`${thisSession(object)} AND a.state IN ('active', 'fastpath function call') AND a.xact_start = ${literal(object.xact ?? '')}::timestamptz AND ${statementKey} = ${literal(object.statement ?? '')}`;

const stateOf = (object: SessionObject): Refusal[] => {
  const end = 'To end the session, which rolls its transaction back: locks.terminate.';
  if (object.state === null) return object.hidden ? [] : [{ name: 'idle', says: 'It has no state: it runs no statement of a client.', saferWay: null }];
  if (object.state.startsWith('idle in transaction')) return [{ name: 'idle', says: 'No statement of it runs: it is idle in its transaction. PostgreSQL would say yes and do nothing.', saferWay: end }];
  return object.state === 'idle' ? [{ name: 'idle', says: 'No statement of it runs: it is idle.', saferWay: end }] : [];
};

export const cancel = action({
  name: 'cancel',
  title: 'Cancel the statement',
  about: 'Tells a session to stop its statement: the statement fails, and with it the transaction that it stands in. The session stays.',
  permission: 'maintenance:run',
  risk: 'light',
  recurs: false,
  params: { ...sessionParams, xact: param.seen('Transaction began'), statement: param.seen('Statement') },
  find: async (ask: Ask, context): Promise<(SessionObject & { other: boolean }) | null> => {
    const found = await findSession(ask, context);
    if (!found) return null;
    const { params: { xact, statement } } = context;
    return { ...found, identity: `${found.identity} ${found.xact} ${found.statement}`, other: (xact !== '' && xact !== found.xact) || (statement !== '' && statement !== found.statement) };
  },
  guards: (object, context) => [
    ...sessionGuards(object, context),
    ...stateOf(object),
    ...(object.other ? [{ name: 'another', says: 'It runs another statement now than the one that was seen.', saferWay: 'Look again.' }] : []),
  ],
  plan: (object) => [
    { sql: sql`SELECT pg_cancel_backend(a.pid) FROM pg_stat_activity a WHERE ${thisStatement(object)}`, note: 'Tells that very statement to stop.', lock: null, waits: 'bounded', otherwise: 'That statement runs no longer: nothing was cancelled.' },
    { sql: sql`SELECT NOT EXISTS (SELECT FROM pg_stat_activity a WHERE ${thisStatement(object)}) FROM pg_sleep(1)`, note: 'Looks a second later whether it has stopped.', lock: null, waits: 'bounded', otherwise: 'It has been told and has not stopped within a second: it does where it looks next. To end its session there is locks.terminate.' },
  ],
  blocks: 'Nobody waits. What the transaction has done so far is undone, unless it has a savepoint.',
  progress: null,
  figures: (ask, object) => waitingBehind(ask, object as SessionObject),
  settle: async (ask, object) => {
    const there = await ask(sql`select from pg_stat_activity a where ${thisStatement(object)}`);
    return there.length > 0 ? { state: 'undone', says: 'The statement still runs.', mend: [] } : { state: 'done', says: 'The statement runs no longer. Whether it was cancelled or had ended by itself is not known.', mend: [] };
  },
  stale: ['locks', 'queries'],
});
