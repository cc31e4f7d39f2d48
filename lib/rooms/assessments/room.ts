import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'assessments',
  title: 'Assessments',
  about: 'Risk assessments of businesses',
  icon: 'clipboard-list',
  order: 10,
  permission: 'assessments:read',
  path: '/assessments',
});
