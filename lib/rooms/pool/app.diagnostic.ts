import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import type { Finding } from '@/lib/kit/finding';

/** The guide's thresholds: 80 % of the pool in use, and more than 100 waits; a wait now matters more than old ones. */
const usageLimit = 0.8;
const waitLimit = 100;

export const app = diagnostic({
  name: 'app',
  title: 'Connection pools of this console',
  why: 'A request without a free connection waits, and after a second it is refused.',
  how: 'Read from this process: other consoles on the same database have pools of their own. Counters run since the pool was opened.',
  permission: 'stats:read',
  params: {},
  row: {
    pool: col.code('Pool'),
    max: col.count('Limit'),
    open: col.count('Open'),
    in_use: col.count('In use'),
    idle: col.count('Idle'),
    waiting: col.count('Waiting', { note: 'Requests that wait for a connection right now' }),
    usage_ratio: col.ratio('Usage', { note: 'In use against the limit' }),
    acquired: col.count('Acquired'),
    wait_count: col.count('Waits'),
    wait_ms: col.ms('Time waited'),
    mean_wait_ms: col.maybe(col.ms('Mean wait')),
    max_wait_ms: col.ms('Longest wait'),
    timeouts: col.count('Refused', { note: 'Waits that ended in a 503' }),
    closed_idle: col.count('Closed idle', { note: 'Closed after DB_MAX_IDLE_TIME' }),
    closed_lifetime: col.count('Closed by age', { note: 'Closed after DB_MAX_LIFETIME' }),
    closed_error: col.count('Closed by error'),
    connect_failures: col.count('Failed connects'),
    since: col.time('Counting since'),
  },
  key: ['pool'],
  search: ['pool'],
  sort: '-usage_ratio',
  show: ['pool', 'max', 'open', 'in_use', 'idle', 'waiting', 'usage_ratio', 'wait_count', 'mean_wait_ms', 'max_wait_ms', 'closed_idle', 'closed_lifetime'],
  needs: [],
  charts: [{ kind: 'stacked-bars', title: 'Connections by state', label: 'pool', values: ['in_use', 'idle', 'waiting'], top: 10 }],
  codes: {
    'pool.saturated': 'Requests of the application are waiting for a connection, or four fifths of its pool are in use.',
    'pool.waits': 'Requests of the application have waited for a connection more than a hundred times since the pool was opened.',
  },
  refreshSeconds: 5,
  source: 'process',
  read: ({ pools }) =>
    pools.map((pool) => ({
      pool: pool.name,
      max: pool.max,
      open: pool.open,
      in_use: pool.inUse,
      idle: pool.idle,
      waiting: pool.waiting,
      usage_ratio: pool.inUse / pool.max,
      acquired: pool.acquired,
      wait_count: pool.waits,
      wait_ms: pool.waitMs,
      mean_wait_ms: pool.waits === 0 ? null : pool.waitMs / pool.waits,
      max_wait_ms: pool.maxWaitMs,
      timeouts: pool.timeouts,
      closed_idle: pool.closedIdle,
      closed_lifetime: pool.closedLifetime,
      closed_error: pool.closedError,
      connect_failures: pool.connectFailures,
      since: pool.since,
    })),
  // The small pools of the diagnostics are there to be used up: collecting every finding at once fills them each time.
  findings: (rows) =>
    rows.filter((row) => row.pool === 'app').flatMap((row) => {
      const found: Finding[] = [];
      if (row.waiting > 0 || row.usage_ratio > usageLimit) {
        found.push({
          code: 'pool.saturated',
          severity: row.waiting > 0 ? 'critical' : 'warning',
          about: row.pool,
          says: `${row.in_use} of ${row.max} connections of the ${row.pool} pool are in use and ${row.waiting} requests are waiting. Raising DB_MAX_CONNECTIONS costs the server memory per connection: look for slow statements first.`,
          evidence: { in_use: row.in_use, max: row.max, waiting: row.waiting, usage_ratio: row.usage_ratio },
          remedy: null,
        });
      }
      if (row.wait_count > waitLimit) {
        found.push({
          code: 'pool.waits',
          severity: 'info',
          about: row.pool,
          says: `Requests have waited ${row.wait_count} times for a connection of the ${row.pool} pool, at worst ${Math.round(row.max_wait_ms)} ms. The count only grows: it tells that it happened, not that it happens.`,
          evidence: { wait_count: row.wait_count, wait_ms: row.wait_ms, max_wait_ms: row.max_wait_ms, since: row.since },
          remedy: null,
        });
      }
      return found;
    }),
});
