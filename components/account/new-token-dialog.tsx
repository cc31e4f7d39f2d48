'use client';

import { useState } from 'react';
import { zodResolver } from '@hookform/resolvers/zod';
import { Controller, useForm } from 'react-hook-form';
import { Button } from '@/components/ui/button';
import { Dialog, DialogActions } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Checkbox, Input } from '@/components/ui/input';
import { Notice } from '@/components/ui/notice';
import { showRefusal } from '@/lib/client/form-errors';
import { useAccountChanges } from '@/lib/client/use-accounts';
import type { Permission } from '@/lib/kit/permission';
import { newTokenSchema, type MadeToken } from '@/lib/rooms/auth/schema';
import { ShownOnce } from './shown-once';
import { permissionWords } from './words';

type Props = { open: boolean; onClose: () => void; /** What a token can be given: one's own. */ permissions: readonly Permission[] };

/** Makes an API token and shows its text, the only time that anyone sees it. */
export function NewTokenDialog({ open, onClose, permissions }: Props) {
  return (
    <Dialog open={open} onClose={onClose} title="New API token" about="A program that has it acts as you, within its scopes." size="medium" keep>
      <NewToken permissions={permissions} onClose={onClose} />
    </Dialog>
  );
}

function NewToken({ permissions, onClose }: Omit<Props, 'open'>) {
  const [made, setMade] = useState<MadeToken | null>(null);
  return made ? <Made made={made} onClose={onClose} /> : <NewTokenForm permissions={permissions} onClose={onClose} onMade={setMade} />;
}

function Made({ made, onClose }: { made: MadeToken; onClose: () => void }) {
  return (
    <div className="flex flex-col gap-4">
      <ShownOnce label={`Token ${made.name}`} secret={made.token} says="The console keeps only its hash: nobody, not even an administrator, can show this text again.">
        <p className="text-sm text-muted">
          Send it with every request as <code className="font-mono text-xs text-ink">Authorization: Bearer {made.hint}…</code>
        </p>
      </ShownOnce>
      <DialogActions><Button kind="primary" onClick={onClose}>I have copied it</Button></DialogActions>
    </div>
  );
}

const daysAhead = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const endOf = (day: string): string | undefined => (day === '' ? undefined : `${day}T23:59:59Z`);

function NewTokenForm({ permissions, onClose, onMade }: Omit<Props, 'open'> & { onMade: (made: MadeToken) => void }) {
  const { makeToken } = useAccountChanges();
  const form = useForm({ resolver: zodResolver(newTokenSchema), defaultValues: { name: '', scopes: [], expiresAt: endOf(daysAhead(90)) } });
  const { errors, isSubmitting } = form.formState;
  // Before the scopes, as it stands: the first that is refused gets the focus.
  const name = form.register('name');
  const submit = form.handleSubmit(async (token) => {
    try {
      onMade(await makeToken(token));
    } catch (error) {
      showRefusal(form, error, ['name', 'scopes', 'expiresAt']);
    }
  });
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      {errors.root ? <Notice tone="critical">{errors.root.message}</Notice> : null}
      <Field label="Name" hint="What will use it, so that you recognise it later." error={errors.name?.message} required>
        {(control) => <Input {...control} {...name} autoComplete="off" placeholder="Nightly report" />}
      </Field>
      <fieldset aria-describedby={errors.scopes ? 'scopes-error' : undefined} className="flex flex-col gap-1">
        <legend className="mb-1 text-xs font-medium text-muted">Scopes</legend>
        {permissions.map((permission) => (
          <label key={permission} className="flex cursor-pointer items-start gap-2.5 rounded-md py-1 text-sm">
            <Checkbox {...form.register('scopes')} value={permission} className="mt-0.5" />
            <span className="flex min-w-0 grow flex-wrap items-baseline justify-between gap-x-3">
              {permissionWords[permission]}
              <span className="font-mono text-2xs text-faint">{permission}</span>
            </span>
          </label>
        ))}
        {errors.scopes ? <p id="scopes-error" role="alert" className="text-xs text-critical">Choose at least one.</p> : null}
      </fieldset>
      <Field label="Expires after" hint="At the end of that day, UTC. Without a date it never expires." error={errors.expiresAt?.message}>
        {(control) => (
          <Controller control={form.control} name="expiresAt" render={({ field }) => <Input {...control} ref={field.ref} type="date" min={daysAhead(0)} max="2199-12-31" value={field.value?.slice(0, 10) ?? ''} onChange={(event) => field.onChange(endOf(event.target.value))} onBlur={field.onBlur} className="w-44" />} />
        )}
      </Field>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={isSubmitting}>Make token</Button>
      </DialogActions>
    </form>
  );
}
