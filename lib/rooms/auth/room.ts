import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'auth',
  title: 'Users',
  about: 'Accounts, roles, sessions and tokens',
  icon: 'users',
  order: 130,
  permission: 'users:manage',
  path: '/users',
});
