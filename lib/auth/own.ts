import 'server-only';
import { AppError } from '@/lib/errors';
import { authorize, may, type Caller } from '@/lib/kit/caller';

/** Whose sessions and tokens a caller may handle: a signed-in person their own, users:manage everybody's. @throws AppError forbidden */
export function requireOwn(caller: Caller, userId: string): void {
  authorize(caller, 'own');
  if (caller.userId !== userId && !may(caller, 'users:manage')) throw new AppError('forbidden', 'This needs the permission users:manage: it belongs to somebody else.');
}
