import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'config',
  title: 'Configuration',
  about: 'Settings, advice with its reasons, and what the server can tell',
  icon: 'settings-2',
  order: 90,
  permission: 'stats:read',
  path: '/config',
  questions: ['advice', 'settings', 'capabilities'],
});
