import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'tables',
  title: 'Tables',
  about: 'Sizes, bloat, vacuum, statistics, transaction ids, sequences',
  icon: 'table-2',
  order: 40,
  permission: 'stats:read',
  path: '/tables',
  questions: ['size', 'growth', 'bloat', 'bloat_exact', 'vacuum', 'stale_statistics', 'freeze', 'horizon', 'sequences', 'hygiene'],
});
