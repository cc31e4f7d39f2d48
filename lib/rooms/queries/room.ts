import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'queries',
  title: 'Queries',
  about: 'Which statements cost the server its time',
  icon: 'search-code',
  order: 20,
  permission: 'stats:read',
  path: '/queries',
  questions: ['slow', 'total', 'trend', 'calls', 'io', 'temp', 'running', 'antipatterns', 'n_plus_one', 'routes', 'route_statements'],
});
