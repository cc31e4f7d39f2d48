import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'plans',
  title: 'Plans',
  about: 'How the server would run a statement, and where its time goes',
  icon: 'workflow',
  order: 25,
  permission: 'stats:read',
  path: '/plans',
});
