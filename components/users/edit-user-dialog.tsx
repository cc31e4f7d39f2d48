'use client';

import { zodResolver } from '@hookform/resolvers/zod';
import { useForm, useWatch } from 'react-hook-form';
import { Button } from '@/components/ui/button';
import { Dialog, DialogActions } from '@/components/ui/dialog';
import { Notice } from '@/components/ui/notice';
import { toast } from '@/components/ui/toast';
import { showRefusal } from '@/lib/client/form-errors';
import { useAccountChanges } from '@/lib/client/use-accounts';
import { userChangeSchema, type UserView } from '@/lib/rooms/auth/schema';
import { NameField, RoleField } from './form-fields';

type Props = { open: boolean; onClose: () => void; user: UserView; /** The account of who is looking. */ own: boolean; onChanged: () => void };

export function EditUserDialog({ open, onClose, user, own, onChanged }: Props) {
  return (
    <Dialog open={open} onClose={onClose} title={`Change ${user.name}`} about={user.email} keep>
      <EditUserForm user={user} own={own} onClose={onClose} onChanged={onChanged} />
    </Dialog>
  );
}

function EditUserForm({ user, own, onClose, onChanged }: Omit<Props, 'open'>) {
  const { changeUser } = useAccountChanges();
  const form = useForm({ resolver: zodResolver(userChangeSchema), defaultValues: { name: user.name, role: user.role } });
  const { errors, isSubmitting, dirtyFields } = form.formState;
  const role = useWatch({ control: form.control, name: 'role' });
  const submit = form.handleSubmit(async ({ name, role: newRole }) => {
    // Only what was touched: the audit log says what changed, and a colleague's change to the other field stays.
    const change = { ...(dirtyFields.name ? { name } : {}), ...(dirtyFields.role ? { role: newRole } : {}) };
    try {
      if (Object.keys(change).length > 0) {
        await changeUser(user.id, change);
        void toast(`${name ?? user.name} is changed`, { tone: 'ok' });
        onChanged();
      }
      onClose();
    } catch (error) {
      showRefusal(form, error, ['name', 'role']);
    }
  });
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      {errors.root ? <Notice tone="critical">{errors.root.message}</Notice> : null}
      <NameField field={form.register('name')} error={errors.name?.message} />
      <RoleField field={form.register('role')} error={errors.role?.message} chosen={role} />
      {role === user.role ? null : (
        <Notice tone={own ? 'warning' : 'info'} title="From the next request on">
          {own ? 'This is your own account: you keep your session, and lose at once what the new role does not include.' : 'Open pages and API tokens can do what the new role includes, and nothing else.'}
        </Notice>
      )}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={isSubmitting}>Save</Button>
      </DialogActions>
    </form>
  );
}
