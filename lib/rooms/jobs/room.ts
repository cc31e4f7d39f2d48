import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'jobs',
  title: 'Maintenance',
  about: 'What runs, what waits and what has been done',
  icon: 'wrench',
  order: 90,
  permission: 'stats:read',
  path: '/maintenance',
});
