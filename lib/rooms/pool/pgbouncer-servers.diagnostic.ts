import { diagnostic } from '@/lib/kit/diagnostic';
import { connectionColumns, toConnection } from './pgbouncer-connection';

export const pgbouncerServers = diagnostic({
  name: 'pgbouncer_servers',
  title: 'PgBouncer: server connections',
  why: 'The connections that PgBouncer holds to PostgreSQL, and what each is doing.',
  how: 'From SHOW SERVERS, in PgBouncer’s own words and its own time zone. The process id is the one of pg_stat_activity.',
  permission: 'stats:read',
  params: {},
  row: connectionColumns,
  key: ['ptr'],
  search: ['address', 'usr', 'datname', 'state', 'application', 'remote_pid'],
  sort: '-wait_ms',
  show: ['address', 'usr', 'datname', 'state', 'application', 'connected', 'last_request', 'close_needed', 'remote_pid', 'prepared_statements'],
  needs: [],
  charts: [],
  codes: {},
  refreshSeconds: 5,
  source: 'pgbouncer',
  read: async (show) => (await show('SERVERS')).map(toConnection),
  findings: () => [],
});
