'use client';

import { counted } from '@/components/account/words';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { toast } from '@/components/ui/toast';
import { useAccountChanges } from '@/lib/client/use-accounts';
import type { UserView } from '@/lib/rooms/auth/schema';

type Props = { open: boolean; onClose: () => void; user: UserView; /** The account of who is looking. */ own: boolean };

/** Disables an account, or enables it again; says what ends with it and what comes back. */
export function StateDialog({ open, onClose, user, own }: Props) {
  const { changeUser } = useAccountChanges();
  const { id, name, active, sessions, tokens } = user;
  const change = async () => {
    await changeUser(id, { active: !active });
    void toast(`${name} is ${active ? 'disabled' : 'enabled'}`, { tone: 'ok' });
  };
  return (
    <ConfirmDialog open={open} onClose={onClose} title={active ? `Disable ${name}?` : `Enable ${name}?`} confirmLabel={active ? 'Disable' : 'Enable'} danger={active} onConfirm={change}>
      {active ? (
        <ul className="list-disc space-y-1 pl-4">
          {own ? <li className="text-critical">This is your own account: you are signed out.</li> : null}
          <li>Nobody can sign in with it any more.</li>
          <li>{sessions > 0 ? `${counted(sessions, 'open session')} ${sessions === 1 ? 'ends' : 'end'} at once.` : 'No session is open.'}</li>
          <li>{tokens > 0 ? `${counted(tokens, 'API token')} ${tokens === 1 ? 'is' : 'are'} refused until the account is enabled again.` : 'It has no API tokens.'}</li>
          <li>Its assessments and its rows in the audit log stay.</li>
        </ul>
      ) : (
        <p>It can sign in again with its password{tokens > 0 ? `, and ${counted(tokens, 'API token')} ${tokens === 1 ? 'works' : 'work'} again` : ''}. Sessions that ended stay ended.</p>
      )}
    </ConfirmDialog>
  );
}
