'use client';

import type { UseFormRegisterReturn } from 'react-hook-form';
import { RefreshCw } from 'lucide-react';
import { roleWords } from '@/components/account/words';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { newPassword } from '@/lib/client/password';
import { roles, type Role } from '@/lib/kit/permission';
import { passwordLength } from '@/lib/rooms/auth/values';

type Props = { field: UseFormRegisterReturn; error: string | undefined };

export function NameField({ field, error }: Props) {
  return <Field label="Name" error={error} required>{(control) => <Input {...control} {...field} autoComplete="off" />}</Field>;
}

/** With what the chosen role is for. */
export function RoleField({ field, error, chosen }: Props & { chosen: Role | undefined }) {
  return (
    <Field label="Role" hint={chosen ? roleWords[chosen].about : undefined} error={error} required>
      {(control) => (
        <Select {...control} {...field}>
          {roles.map((role) => <option key={role} value={role}>{roleWords[role].title}</option>)}
        </Select>
      )}
    </Field>
  );
}

/** A password for somebody else: made up here, and readable, because it is going to be handed over. */
export function GivenPasswordField({ field, error, onMake }: Props & { onMake: (password: string) => void }) {
  return (
    <Field label="Password" hint={`A made-up one, or at least ${passwordLength.least} characters of your own.`} error={error} required>
      {(control) => (
        <div className="flex gap-2">
          <Input {...control} {...field} autoComplete="off" autoCapitalize="none" spellCheck={false} className="font-mono" />
          <Button icon aria-label="Make up another password" title="Make up another" onClick={() => onMake(newPassword())}>
            <RefreshCw className="size-4" aria-hidden />
          </Button>
        </div>
      )}
    </Field>
  );
}
