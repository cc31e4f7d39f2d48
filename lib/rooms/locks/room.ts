import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'locks',
  title: 'Locks & activity',
  about: 'Sessions, what they wait for and who blocks whom',
  icon: 'lock-keyhole',
  order: 60,
  permission: 'stats:read',
  path: '/locks',
  questions: ['activity', 'blocking', 'long_transactions', 'waits', 'prepared', 'deadlocks'],
});
