import type { Permission, Role } from '@/lib/kit/permission';

/** What a permission lets somebody do. */
export const permissionWords: Record<Permission, string> = {
  'assessments:read': 'Read assessments',
  'assessments:write': 'Create, change and delete assessments',
  'stats:read': 'See what the databases are doing',
  'plans:analyze': 'Run a statement to measure its plan',
  'maintenance:run': 'Run maintenance, such as vacuum and reindex',
  'maintenance:destroy': 'Run maintenance that removes something',
  'audit:read': 'Read the audit log',
  'users:manage': 'Manage accounts, their sessions and tokens',
  'metrics:read': 'Read this console’s metrics',
};

export const roleWords: Record<Role, { title: string; about: string }> = {
  viewer: { title: 'Viewer', about: 'Reads assessments.' },
  analyst: { title: 'Analyst', about: 'Reads and writes assessments.' },
  dba: { title: 'DBA', about: 'Watches and maintains the databases, reads the audit log and assessments.' },
  admin: { title: 'Administrator', about: 'Everything, accounts included.' },
};

/** `1 session`, `3 sessions`. */
export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
