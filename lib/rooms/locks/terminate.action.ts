import { action } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { sql } from '@/lib/pg/sql';
import { findSession, sessionGuards, sessionParams, thisSession, waitingBehind, type SessionObject } from './session-object';

export const terminate = action({
  name: 'terminate',
  title: 'End the session',
  about: 'Ends a session: its transaction is rolled back, its locks are free, its client loses the connection.',
  permission: 'maintenance:destroy',
  risk: 'heavy',
  recurs: false,
  params: sessionParams,
  find: (ask: Ask, context): Promise<SessionObject | null> => findSession(ask, context),
  guards: (object, context) => sessionGuards(object, context),
  plan: (object) => [
    { sql: sql`SELECT pg_terminate_backend(a.pid, 5000) FROM pg_stat_activity a WHERE ${thisSession(object)}`, note: 'Ends that very session, and waits 5 s for its end. To stop its statement alone there is locks.cancel.', lock: null, waits: 'bounded', otherwise: 'The session was gone already, or has not ended within 5 s.' },
  ],
  blocks: 'Nobody waits. What its transaction has done is undone; nothing brings it back.',
  progress: null,
  figures: (ask, object) => waitingBehind(ask, object as SessionObject),
  settle: async (ask, object) => {
    const there = await ask(sql`select from pg_stat_activity a where ${thisSession(object)}`);
    return there.length > 0 ? { state: 'undone', says: 'The session is still there.', mend: [] } : { state: 'done', says: 'The session is gone.', mend: [] };
  },
  stale: ['locks', 'queries', 'tables'],
});
