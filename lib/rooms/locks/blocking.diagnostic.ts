import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { hiddenPart } from '@/lib/kit/hidden';
import { param } from '@/lib/kit/param';
import { actedOnColumns, sessionActions } from '@/lib/kit/session-columns';
import { sql } from '@/lib/pg/sql';
import { preparedOf, sessionsOf, waitingSessions } from './blocked';
import { blockerFinding, rowsOf, unknownPrepared, waitsOf, preparedPrefix } from './blocking-rows';
import { hidden } from './sessions';

export const blocking = diagnostic({
  name: 'blocking',
  title: 'Who blocks whom',
  why: 'One session that keeps a lock can stop all others; the one to look at is the root, not those that wait.',
  how: 'From pg_locks and pg_blocking_pids, which is asked once for each waiting session. Roots come first, each followed by those behind it. A session also waits for those before it in the queue. Prepared transactions block without a session.',
  permission: 'stats:read',
  params: { min_ms: param.ms('A finding from a wait of (ms)', 1000) },
  row: {
    place: col.count('Order', { note: 'Its place in the tree' }),
    depth: col.count('Depth', { note: '0: a root, which waits for nobody' }),
    session: col.code('Session', { note: 'Its pid, or the identifier of a prepared transaction; below it those that wait for it', nests: 'depth' }),
    behind: col.count('Blocked behind it', { note: 'Sessions that wait for it, directly or through others' }),
    waiting_ms: col.maybe(col.ms('Waits for')),
    longest_ms: col.maybe(col.ms('Longest wait behind it')),
    blocked_by: col.maybe(col.code('Blocked by')),
    relation: col.maybe(col.code('On', { note: 'The relation whose lock or row it waits for' })),
    locktype: col.maybe(col.text('Lock')),
    mode: col.maybe(col.code('Mode wanted')),
    usr: col.maybe(col.code('Role')),
    datname: col.maybe(col.code('Database')),
    application: col.maybe(col.text('Application')),
    backend: col.maybe(col.text('Backend')),
    state: col.maybe(col.text('State')),
    xact_ms: col.maybe(col.ms('Transaction', { note: 'Since its transaction began' })),
    state_ms: col.maybe(col.ms('In this state')),
    root: col.code('Root'),
    own: col.flag('This console'),
    ...actedOnColumns,
    query: col.maybe(col.sql('Statement text', { note: 'Of a root that is idle: its last one, which need not be what took the lock' })),
  },
  key: ['session'],
  search: ['session', 'usr', 'datname', 'application', 'relation', 'query', 'root'],
  sort: 'place',
  show: ['session', 'behind', 'waiting_ms', 'blocked_by', 'relation', 'usr', 'state', 'query'],
  needs: [],
  charts: [],
  codes: {
    'locks.blocker': 'A session, or a prepared transaction, blocks others for longer than the threshold.',
    'locks.blocking_hidden': 'The monitoring role sees that sessions of other roles wait and block, but not what they do.',
  },
  context: {
    row: { hidden: col.count('Hidden from us') },
    sql: () => sql`select count(*) filter (where ${hidden}) as hidden from pg_stat_activity a`,
  },
  actions: sessionActions('session'),
  refreshSeconds: 10,
  source: 'facts',
  read: async (ask) => {
    const waiting = (await waitingSessions(ask)).filter(({ blockers }) => blockers.length > 0);
    if (waiting.length === 0) return [];
    const waits = waitsOf(waiting);
    const ids = [...new Set(waits.flatMap(({ waiter, blockers }) => [waiter, ...blockers]))];
    const gids = ids.filter((id) => id.startsWith(preparedPrefix) && id !== unknownPrepared).map((id) => id.slice(preparedPrefix.length));
    const sessions = await sessionsOf(ask, ids.filter((id) => !id.startsWith(preparedPrefix)));
    const prepared = gids.length === 0 ? new Map<string, never>() : await preparedOf(ask, gids);
    return rowsOf(waits, new Map(waiting.map((one) => [one.pid, one])), sessions, prepared);
  },
  findings: (rows, { params, server, context }) => [
    ...rows.filter((row) => row.depth === 0 && (row.longest_ms ?? 0) >= params.min_ms).slice(0, 20).map(blockerFinding),
    ...(rows.length > 0 ? hiddenPart('locks.blocking_hidden', context?.hidden ?? 0, 'sessions of other roles', server) : []),
  ],
});
