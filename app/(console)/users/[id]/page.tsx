import { UserDetails } from '@/components/users/user-details';
import { findUser } from '@/lib/auth/users';
import { database } from '@/lib/db/client';
import { consolePage, foundOr404 } from '@/lib/run/page';

export const metadata = { title: 'User' };

export default consolePage('users:manage', async ({ caller, params }) => {
  const user = await foundOr404(params['id'], (id) => findUser(database(), id));
  return <UserDetails initial={user} own={user.id === caller.userId} />;
}, '/users/[id]');
