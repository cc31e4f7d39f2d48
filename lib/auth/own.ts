import 'server-only';
import { AppError } from '@/lib/errors';
import { may, type Caller } from '@/lib/kit/caller';

/**
 * Whose sessions and tokens a caller may handle: a signed-in person their own, users:manage everybody's. A token without
 * that scope handles none, or it could outlive its own revocation through a token that it made.
 * @throws AppError forbidden
 */
export function requireOwn(caller: Caller, userId: string): void {
  if (may(caller, 'users:manage')) return;
  if (caller.via.kind === 'token') throw new AppError('forbidden', 'A token needs the scope users:manage for this.');
  if (caller.userId !== userId) throw new AppError('forbidden', 'This needs the permission users:manage: it belongs to somebody else.');
}
