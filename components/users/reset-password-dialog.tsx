'use client';

import { useState } from 'react';
import { zodResolver } from '@hookform/resolvers/zod';
import { useForm } from 'react-hook-form';
import { ShownOnce } from '@/components/account/shown-once';
import { counted } from '@/components/account/words';
import { Button } from '@/components/ui/button';
import { Dialog, DialogActions } from '@/components/ui/dialog';
import { Notice } from '@/components/ui/notice';
import { showRefusal } from '@/lib/client/form-errors';
import { newPassword } from '@/lib/client/password';
import { useAccountChanges } from '@/lib/client/use-accounts';
import { passwordSchema, type UserView } from '@/lib/rooms/auth/schema';
import { GivenPasswordField } from './form-fields';

type Props = { open: boolean; onClose: () => void; user: UserView; /** The account of who is looking. */ own: boolean };

export function ResetPasswordDialog({ open, onClose, user, own }: Props) {
  return (
    <Dialog open={open} onClose={onClose} title={`Reset the password of ${user.name}`} about={user.email} keep>
      <ResetSteps user={user} own={own} onClose={onClose} />
    </Dialog>
  );
}

/** First the form, then what has to be handed over. */
function ResetSteps(props: Omit<Props, 'open'>) {
  const [password, setPassword] = useState<string | null>(null);
  if (password === null) return <ResetForm {...props} onReset={setPassword} />;
  return (
    <div className="flex flex-col gap-4">
      <ShownOnce label="New password" secret={password} says={`${props.own ? '' : 'Give it to them in a safe way: they can change it under Account. '}The console cannot show it again.`} />
      <DialogActions><Button kind="primary" onClick={props.onClose}>I have copied it</Button></DialogActions>
    </div>
  );
}

function whatEnds({ sessions, tokens }: UserView, own: boolean): string {
  const ended = own ? 'Your other sessions end; this one stays.' : sessions > 0 ? `${counted(sessions, 'open session')} ${sessions === 1 ? 'ends' : 'end'} at once.` : 'No session is open.';
  return tokens > 0 ? `${ended} ${counted(tokens, 'API token')} ${tokens === 1 ? 'keeps' : 'keep'} working: revoke what should not.` : ended;
}

function ResetForm({ user, own, onClose, onReset }: Omit<Props, 'open'> & { onReset: (password: string) => void }) {
  const { resetPassword } = useAccountChanges();
  const form = useForm({ resolver: zodResolver(passwordSchema), defaultValues: { password: newPassword() } });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async ({ password }) => {
    try {
      await resetPassword(user.id, password);
      onReset(password);
    } catch (error) {
      showRefusal(form, error, ['password']);
    }
  });
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      {errors.root ? <Notice tone="critical">{errors.root.message}</Notice> : null}
      <Notice tone="info" title="The old password stops working">{whatEnds(user, own)}</Notice>
      <GivenPasswordField field={form.register('password')} error={errors.password?.message} onMake={(password) => form.setValue('password', password, { shouldValidate: true })} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={isSubmitting}>Reset password</Button>
      </DialogActions>
    </form>
  );
}
