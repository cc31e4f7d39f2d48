'use client';

import { useState } from 'react';
import { zodResolver } from '@hookform/resolvers/zod';
import { useForm, useWatch } from 'react-hook-form';
import { ShownOnce } from '@/components/account/shown-once';
import { Button } from '@/components/ui/button';
import { Dialog, DialogActions } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Notice } from '@/components/ui/notice';
import { showRefusal } from '@/lib/client/form-errors';
import { newPassword } from '@/lib/client/password';
import { useAccountChanges } from '@/lib/client/use-accounts';
import { newUserSchema, type NewUser } from '@/lib/rooms/auth/schema';
import { GivenPasswordField, NameField, RoleField } from './form-fields';

type Props = { open: boolean; onClose: () => void };

export function NewUserDialog({ open, onClose }: Props) {
  return (
    <Dialog open={open} onClose={onClose} title="New user" about="Can sign in at once, with the password below." keep>
      <NewUserSteps onClose={onClose} />
    </Dialog>
  );
}

/** First the form, then what has to be handed over. */
function NewUserSteps({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<NewUser | null>(null);
  if (!made) return <NewUserForm onClose={onClose} onMade={setMade} />;
  return (
    <div className="flex flex-col gap-4">
      <p className="text-sm text-muted"><span className="font-medium text-ink">{made.name}</span> can sign in as <span className="font-medium text-ink">{made.email.toLowerCase()}</span>.</p>
      <ShownOnce label="Password" secret={made.password} says="Give it to them in a safe way: the console cannot show it again. They can change it under Account." />
      <DialogActions><Button kind="primary" onClick={onClose}>I have copied it</Button></DialogActions>
    </div>
  );
}

function NewUserForm({ onClose, onMade }: { onClose: () => void; onMade: (user: NewUser) => void }) {
  const { createUser } = useAccountChanges();
  const form = useForm<NewUser>({ resolver: zodResolver(newUserSchema), defaultValues: { email: '', name: '', role: 'viewer', password: newPassword() } });
  const { errors, isSubmitting } = form.formState;
  const role = useWatch({ control: form.control, name: 'role' });
  // In the order in which they stand: the first that is refused gets the focus.
  const [email, name, roleField, password] = [form.register('email'), form.register('name'), form.register('role'), form.register('password')];
  const submit = form.handleSubmit(async (user) => {
    try {
      await createUser(user);
      onMade(user);
    } catch (error) {
      showRefusal(form, error, ['email', 'name', 'role', 'password']);
    }
  });
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      {errors.root ? <Notice tone="critical">{errors.root.message}</Notice> : null}
      <Field label="E-mail" error={errors.email?.message} required>
        {(control) => <Input {...control} {...email} type="email" autoComplete="off" autoCapitalize="none" spellCheck={false} />}
      </Field>
      <NameField field={name} error={errors.name?.message} />
      <RoleField field={roleField} error={errors.role?.message} chosen={role} />
      <GivenPasswordField field={password} error={errors.password?.message} onMake={(made) => form.setValue('password', made, { shouldValidate: true })} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={isSubmitting}>Create user</Button>
      </DialogActions>
    </form>
  );
}
