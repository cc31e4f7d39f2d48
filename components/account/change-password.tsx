'use client';

import { useEffect } from 'react';
import { useForm, type Resolver } from 'react-hook-form';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Field } from '@/components/ui/field';
import { Checkbox } from '@/components/ui/input';
import { Notice } from '@/components/ui/notice';
import { PasswordInput } from '@/components/ui/password-input';
import { toast } from '@/components/ui/toast';
import { showRefusal } from '@/lib/client/form-errors';
import { ApiError } from '@/lib/client/problem';
import { useAccountChanges } from '@/lib/client/use-accounts';
import type { PasswordChange } from '@/lib/rooms/auth/schema';
import { passwordLength } from '@/lib/rooms/auth/values';

/** The schemas are loaded after the page, and are there before somebody has typed. */
const schema = () => import('./password-schema');
const resolver: Resolver<PasswordChange> = async (...asked) => (await schema()).check(...asked);

const empty: PasswordChange = { currentPassword: '', newPassword: '', revokeOtherSessions: true };

/** `email` is for password managers, which keep the new password under it. */
export function ChangePassword({ email }: { email: string }) {
  const { changePassword } = useAccountChanges();
  const form = useForm({ resolver, defaultValues: empty });
  const { errors, isSubmitting } = form.formState;
  useEffect(() => void schema().catch(() => {}), []);
  const submit = form.handleSubmit(async (change) => {
    try {
      await changePassword(change);
      form.reset(empty);
      void toast('Your password is changed', { tone: 'ok', ...(change.revokeOtherSessions ? { about: 'Your other sessions have ended.' } : {}) });
    } catch (error) {
      const wrong = error instanceof ApiError && error.code === 'INVALID_PASSWORD';
      if (wrong) form.setError('currentPassword', { message: 'is not your current password' }, { shouldFocus: true });
      else showRefusal(form, error, ['currentPassword', 'newPassword']);
    }
  });
  return (
    <Card title="Password">
      <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {errors.root ? <Notice tone="critical">{errors.root.message}</Notice> : null}
        <input type="text" autoComplete="username" value={email} readOnly hidden />
        <Field label="Current password" error={errors.currentPassword?.message} required>
          {(control) => <PasswordInput {...control} {...form.register('currentPassword')} autoComplete="current-password" />}
        </Field>
        <Field label="New password" hint={`At least ${passwordLength.least} characters.`} error={errors.newPassword?.message} required>
          {(control) => <PasswordInput {...control} {...form.register('newPassword')} autoComplete="new-password" />}
        </Field>
        <label htmlFor="end-others" className="flex cursor-pointer items-center gap-2.5 text-sm">
          <Checkbox {...form.register('revokeOtherSessions')} id="end-others" />
          End my other sessions
        </label>
        <p className="text-xs text-faint">API tokens keep working: revoke those that should not.</p>
        <Button type="submit" kind="primary" busy={isSubmitting} className="self-start">Change password</Button>
      </form>
    </Card>
  );
}
