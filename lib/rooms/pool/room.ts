import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'pool',
  title: 'Pool',
  about: 'Connections: open, in use, waited for',
  icon: 'cable',
  order: 50,
  permission: 'stats:read',
  path: '/pool',
  questions: ['app', 'server', 'sizing', 'pgbouncer_pools', 'pgbouncer_stats', 'pgbouncer_databases', 'pgbouncer_clients', 'pgbouncer_servers', 'pgbouncer_config'],
});
