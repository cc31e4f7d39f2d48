import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'partitions',
  title: 'Partitions',
  about: 'Bounds, gaps and what the next rows will hit',
  icon: 'layers',
  order: 70,
  permission: 'stats:read',
  path: '/partitions',
  questions: ['tables', 'timeline', 'list', 'runway', 'default_rows', 'pruning', 'hash_balance', 'foreign', 'detached', 'archive', 'exports'],
});
