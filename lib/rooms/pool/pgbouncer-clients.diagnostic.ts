import { diagnostic } from '@/lib/kit/diagnostic';
import { connectionColumns, toConnection } from './pgbouncer-connection';

export const pgbouncerClients = diagnostic({
  name: 'pgbouncer_clients',
  title: 'PgBouncer: clients',
  why: 'Who is connected to PgBouncer, and who of them waits.',
  how: 'From SHOW CLIENTS, in PgBouncer’s own words and its own time zone. A client that is active holds a server connection only while it is linked to one. The session of this console is among them.',
  permission: 'stats:read',
  params: {},
  row: connectionColumns,
  key: ['ptr'],
  search: ['address', 'usr', 'datname', 'state', 'application', 'remote_pid'],
  sort: '-wait_ms',
  show: ['address', 'usr', 'datname', 'state', 'application', 'wait_ms', 'connected', 'last_request', 'tls'],
  needs: [],
  charts: [],
  codes: {},
  refreshSeconds: 5,
  source: 'pgbouncer',
  read: async (show) => (await show('CLIENTS')).map(toConnection),
  findings: () => [],
});
