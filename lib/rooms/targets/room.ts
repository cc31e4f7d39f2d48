import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'targets',
  title: 'Databases',
  about: 'What is observed, and what its server still lacks',
  icon: 'database',
  order: 100,
  permission: 'stats:read',
  path: '/targets',
});
