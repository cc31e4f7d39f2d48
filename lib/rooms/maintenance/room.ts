import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'maintenance',
  title: 'Audit log',
  about: 'Who did what, and when',
  icon: 'scroll-text',
  order: 120,
  permission: 'audit:read',
  path: '/audit',
});
