import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';

/** A text is shown, not run. */
const shownCharacters = 4000;

export const route_statements = diagnostic({
  name: 'route_statements',
  title: 'Statements by route',
  why: 'Of a route that costs much, which statement does; and of a statement that costs much, which routes send it.',
  how: 'Counted by this process since it started, at its own side of the connection: the time of a statement includes the way over the network. Only the product’s own database, and of each route the first hundred texts. pg_stat_statements counts the same statements once for all routes and all consoles.',
  permission: 'stats:read',
  params: {},
  row: {
    route: col.code('Route'),
    query: col.sql('Statement'),
    calls: col.count('Calls'),
    per_request: col.mean('Calls a request'),
    total_ms: col.ms('Database time', { note: 'From sending it to its result, the network included' }),
    mean_ms: col.ms('Mean'),
    rows_per_call: col.mean('Rows a call', { note: 'Returned or written' }),
    since: col.time('Counting since'),
  },
  key: ['route', 'query'],
  search: ['route', 'query'],
  sort: '-total_ms',
  show: ['query', 'route', 'calls', 'per_request', 'total_ms', 'mean_ms', 'rows_per_call'],
  needs: [],
  charts: [],
  codes: {},
  refreshSeconds: 10,
  source: 'process',
  read: ({ routes }) =>
    routes.flatMap(({ route, requests, texts, since }) =>
      [...texts].map(([text, { calls, ms, rows }]) => ({
        route, query: text.slice(0, shownCharacters), calls, per_request: calls / requests, total_ms: ms, mean_ms: ms / calls, rows_per_call: rows / calls, since,
      })),
    ),
  findings: () => [],
});
