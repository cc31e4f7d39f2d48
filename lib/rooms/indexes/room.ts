import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'indexes',
  title: 'Indexes',
  about: 'What each index costs, who reads it, and which are missing',
  icon: 'list-tree',
  order: 30,
  permission: 'stats:read',
  path: '/indexes',
  questions: ['usage', 'advice', 'unused', 'redundant', 'missing_fk', 'invalid', 'bloat', 'low_use', 'null_keys', 'partition_gaps', 'hot', 'drop_rehearsal'],
});
