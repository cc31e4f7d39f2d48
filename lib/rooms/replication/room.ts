import { room as declare } from '@/lib/kit/room';

export const room = declare({
  name: 'replication',
  title: 'Replication',
  about: 'Replicas, slots, this server as a standby, and the archive',
  icon: 'copy',
  order: 80,
  permission: 'stats:read',
  path: '/replication',
  questions: ['replicas', 'slots', 'standby', 'archiver'],
});
