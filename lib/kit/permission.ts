/** The one table of who may do what. A route or page names a permission; a role never appears outside this file and the users room. */
export const permissions = [
  'assessments:read',
  'assessments:write',
  'stats:read',
  'plans:analyze',
  'maintenance:run',
  'maintenance:destroy',
  'audit:read',
  'users:manage',
  'metrics:read',
] as const;

export type Permission = (typeof permissions)[number];

export const roles = ['viewer', 'analyst', 'dba', 'admin'] as const;

export type Role = (typeof roles)[number];

const dba: Permission[] = ['assessments:read', 'stats:read', 'plans:analyze', 'maintenance:run', 'maintenance:destroy', 'audit:read'];

export const rolePermissions: Record<Role, readonly Permission[]> = {
  viewer: ['assessments:read'],
  analyst: ['assessments:read', 'assessments:write'],
  dba,
  admin: [...dba, 'assessments:write', 'users:manage', 'metrics:read'],
};

export const isRole = (text: unknown): text is Role => roles.some((role) => role === text);
export const isPermission = (text: unknown): text is Permission => permissions.some((permission) => permission === text);

/**
 * What a route or page asks for: a permission, any signed-in caller, whoever may handle sessions and tokens of their own,
 * nobody in particular, or (the metrics alone, which a token that is nobody's may read) a check of the handler's own.
 * There is no default.
 */
export type Access = Permission | 'signed-in' | 'own' | 'public' | 'own-check';
