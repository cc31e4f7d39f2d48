import { PageHeader } from '@/components/ui/page-header';
import { NewUserButton } from '@/components/users/new-user-button';
import { UsersTable } from '@/components/users/users-table';
import { consolePage } from '@/lib/run/page';

export const metadata = { title: 'Users' };

export default consolePage('users:manage', () => (
  <>
    <PageHeader title="Users" about="Who may sign in, and what their role lets them do" actions={<NewUserButton />} />
    <UsersTable />
  </>
));
