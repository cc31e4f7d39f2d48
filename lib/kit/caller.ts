import { AppError } from '@/lib/errors';
import { permissions, rolePermissions, type Access, type Permission, type Role } from './permission';

/** Who asks: a person with a session, or a program with a token. */
export type Caller = {
  userId: string;
  email: string;
  name: string;
  role: Role;
  via: { kind: 'session'; sessionId: string } | { kind: 'token'; tokenId: string; scopes: readonly Permission[] };
};

/** A token can do what its scopes and its owner's role both allow. */
export function may(caller: Caller, permission: Permission): boolean {
  const byRole = rolePermissions[caller.role].includes(permission);
  return byRole && (caller.via.kind === 'session' || caller.via.scopes.includes(permission));
}

export function permissionsOf(caller: Caller): Permission[] {
  return permissions.filter((permission) => may(caller, permission));
}

/**
 * A signed-in person handles their own sessions and tokens. A token without users:manage handles none, or it could
 * outlive its own revocation through a token that it made.
 */
const handlesOwn = (caller: Caller): boolean => caller.via.kind === 'session' || may(caller, 'users:manage');

/** @throws AppError unauthenticated or forbidden */
export function authorize(caller: Caller | null, access: Access): void {
  if (access === 'public' || access === 'own-check') return;
  if (!caller) throw new AppError('unauthenticated', 'Sign in, or send a token as Authorization: Bearer.');
  if (access === 'signed-in') return;
  if (access === 'own' && !handlesOwn(caller)) throw new AppError('forbidden', 'A token needs the scope users:manage for this.');
  if (access !== 'own' && !may(caller, access)) throw new AppError('forbidden', `This needs the permission ${access}.`);
}

/** The caller of an endpoint that is not public. */
export function signedIn(caller: Caller | null): Caller {
  if (!caller) throw new AppError('unauthenticated');
  return caller;
}
