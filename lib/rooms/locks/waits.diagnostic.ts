import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { sql, type SQL } from '@/lib/pg/sql';
import { since } from './sessions';

/** So many sessions on one event at once are more than chance; fewer may be. */
const pileUp = 5;

const grouped = (description: SQL): SQL => sql`
  select w.*, ${description} as description from (
    select coalesce(a.wait_event_type, 'CPU') as wait_type, coalesce(a.wait_event, 'running') as wait_event, count(*) as sessions,
      count(*) filter (where a.state = 'active') as active, count(*) filter (where a.state like 'idle in transaction%') as in_transaction,
      max(case when a.state = 'active' then ${since(sql`a.query_start`)} end) as longest_ms,
      string_agg(distinct a.backend_type, ', ') as backends, (array_agg(a.pid::text order by a.query_start))[1] as example_pid
    from pg_stat_activity a
    where a.pid <> pg_backend_pid() and (a.wait_event_type is not null or a.state = 'active')
    group by 1, 2
  ) w`;

export const waits = diagnostic({
  name: 'waits',
  title: 'Wait events',
  why: 'Many sessions that wait for one thing show where the server is held up.',
  how: 'One look at pg_stat_activity: a sample, not a measurement over time. An active session without a wait event runs on a processor. Type Activity is a background process without work; Client is waiting for the application. Descriptions come from pg_wait_events (PostgreSQL 17 and newer).',
  permission: 'stats:read',
  params: {},
  row: {
    wait_type: col.text('Type'),
    wait_event: col.code('Event'),
    sessions: col.count('Sessions'),
    active: col.count('Active'),
    in_transaction: col.count('Idle in transaction'),
    longest_ms: col.maybe(col.ms('Longest statement', { note: 'Age of the oldest statement among them that runs' })),
    backends: col.maybe(col.text('Backends')),
    example_pid: col.maybe(col.code('PID', { note: 'The one whose statement is oldest' })),
    description: col.maybe(col.text('Meaning')),
  },
  key: ['wait_type', 'wait_event'],
  search: ['wait_type', 'wait_event', 'backends'],
  sort: '-active',
  show: ['wait_type', 'wait_event', 'sessions', 'active', 'longest_ms', 'backends', 'example_pid', 'description'],
  needs: [{ monitor: 'Without pg_monitor, what other roles’ sessions wait for is hidden.' }],
  charts: [{ kind: 'bars', title: 'Active sessions by wait event', label: 'wait_event', values: ['active'], top: 10 }],
  codes: { 'locks.wait_pile_up': 'Several active sessions wait for the same event at this moment.' },
  refreshSeconds: 5,
  source: 'sql',
  sql: {
    14: () => grouped(sql`null::text`),
    17: () => grouped(sql`(select e.description from pg_wait_events e where e.type = w.wait_type and e.name = w.wait_event limit 1)`),
  },
  findings: (rows) =>
    rows
      .filter((row) => row.active >= pileUp && !['CPU', 'Activity', 'Client', 'Timeout'].includes(row.wait_type))
      .map((row) => ({
        code: 'locks.wait_pile_up',
        severity: 'warning',
        about: `${row.wait_type}: ${row.wait_event}`,
        says: `${row.active} active sessions wait for ${row.wait_type}: ${row.wait_event} at this moment. One look is not a trend: look again before acting on it.`,
        evidence: { active: row.active, sessions: row.sessions, longest_ms: row.longest_ms, example_pid: row.example_pid },
        remedy: null,
      })),
});
