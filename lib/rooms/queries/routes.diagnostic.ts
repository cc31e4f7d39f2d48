import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { oneLine } from './statements';

/** As many statements of one text in one request are a loop, and each goes to the server and back. */
const leastRepeats = 10;

export const routes = diagnostic({
  name: 'routes',
  title: 'By route of this console',
  why: 'Which page or interface of this console costs its database what, and which one asks row by row.',
  how: 'Counted by this process since it started, at its own side of the connection: the time of a statement includes the way over the network. Only the product’s own database; what diagnostics ask of a target is not in it. Other consoles on the same database count for themselves. In pg_stat_activity and in the server’s log the same routes stand in each statement as /*application=…,route=…*/; pg_stat_statements keeps one text for a statement, so the route there is that of whoever ran it first.',
  permission: 'stats:read',
  params: {},
  row: {
    route: col.code('Route', { note: 'Method and pattern of an interface; page: what a page asks while it is drawn' }),
    requests: col.count('Requests'),
    statements: col.count('Statements', { note: 'With BEGIN and COMMIT where there is a transaction' }),
    per_request: col.mean('Statements a request'),
    most_statements: col.count('Most in one request'),
    db_ms: col.ms('Database time', { note: 'From sending a statement to its result, the network included' }),
    request_ms: col.ms('Database time a request'),
    row_count: col.count('Rows', { note: 'Returned or written' }),
    repeats: col.count('Most of one statement', { note: 'The most often that one request sent the same text; 0: never twice' }),
    repeated: col.maybe(col.sql('Statement repeated most')),
    failed: col.count('Failed statements'),
    waiting: col.count('Waiting now', { note: 'Requests without a free connection at this moment' }),
    wait_count: col.count('Waits for a connection'),
    wait_ms: col.ms('Time waited'),
    since: col.time('Counting since'),
  },
  key: ['route'],
  search: ['route', 'repeated'],
  sort: '-db_ms',
  show: ['route', 'requests', 'per_request', 'most_statements', 'repeats', 'db_ms', 'request_ms'],
  needs: [],
  charts: [{ kind: 'bars', title: 'Database time by route', label: 'route', values: ['db_ms'], top: 10 }],
  codes: { 'queries.repeats': 'One request of a route sent the same statement many times.' },
  refreshSeconds: 10,
  source: 'process',
  read: ({ routes: counted }) =>
    counted.map(({ route, requests, statements, mostStatements, ms, rows, mostRepeated, repeated, failed, waiting, waits, waitMs, since }) => ({
      route, requests, statements, per_request: statements / requests, most_statements: mostStatements, db_ms: ms, request_ms: ms / requests, row_count: rows,
      repeats: mostRepeated, repeated, failed, waiting, wait_count: waits, wait_ms: waitMs, since,
    })),
  findings: (rows) =>
    rows
      .filter(({ repeats }) => repeats >= leastRepeats)
      .map(({ route, repeats, repeated, requests, since }) => ({
        code: 'queries.repeats',
        severity: 'info',
        about: route,
        says: `One request sent the same statement ${repeats} times, each a way to the server and back: ${oneLine(repeated ?? '')}`,
        evidence: { repeats, requests, since },
        remedy: null,
      })),
});
