import { notFound } from 'next/navigation';
import { UserDetails } from '@/components/users/user-details';
import { findUser } from '@/lib/auth/users';
import { database } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import { idParams, type UserView } from '@/lib/rooms/auth/schema';
import { consolePage } from '@/lib/run/page';

export const metadata = { title: 'User' };

export default consolePage('users:manage', async ({ caller, params }) => {
  const user = (await userOf(params['id'])) ?? notFound();
  return <UserDetails initial={user} own={user.id === caller.userId} />;
});

async function userOf(id: unknown): Promise<UserView | null> {
  const known = idParams.safeParse({ id });
  if (!known.success) return null;
  try {
    return await findUser(database(), known.data.id);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return null;
    throw error;
  }
}
