import { ChangePassword } from '@/components/account/change-password';
import { OwnTokens } from '@/components/account/own-tokens';
import { Profile } from '@/components/account/profile';
import { SessionsPanel } from '@/components/account/sessions-panel';
import { PageHeader } from '@/components/ui/page-header';
import { permissionsOf } from '@/lib/kit/caller';
import { consolePage } from '@/lib/run/page';

export const metadata = { title: 'Account' };

export default consolePage('signed-in', ({ caller }) => (
  <>
    <PageHeader title="Account" about="Your password, where you are signed in, and your API tokens" />
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[20rem_minmax(0,1fr)]">
      <div className="flex flex-col gap-4">
        <Profile name={caller.name} email={caller.email} role={caller.role} permissions={permissionsOf(caller)} />
        <ChangePassword email={caller.email} />
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <SessionsPanel />
        <OwnTokens permissions={permissionsOf(caller)} />
      </div>
    </div>
  </>
));
