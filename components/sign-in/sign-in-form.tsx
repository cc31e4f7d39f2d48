'use client';

import { useEffect, useRef, useState, type SyntheticEvent } from 'react';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Notice } from '@/components/ui/notice';
import { ApiError, messageOf } from '@/lib/client/problem';
import { signIn } from '@/lib/client/session';

type Refusal = { message: string; email?: string | undefined; password?: string | undefined };

export function SignInForm({ next }: { next: string }) {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [wait, setWait] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  useEffect(() => {
    if (wait <= 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait]);
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const sent = new FormData(event.currentTarget);
    setBusy(true);
    setRefusal(null);
    try {
      await signIn(String(sent.get('email')).trim(), String(sent.get('password')));
      // A full load: nothing of the signed-out page may stay.
      window.location.assign(next);
    } catch (error) {
      setBusy(false);
      setRefusal(toRefusal(error));
      if (error instanceof ApiError && error.retryAfter && error.status === 429) setWait(error.retryAfter);
    }
  };
  return (
    <form ref={form} method="post" onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-4">
      {wait > 0 ? <Notice tone="warning" title="Too many attempts">Wait {wait} {wait === 1 ? 'second' : 'seconds'}, then try again.</Notice> : refusal?.message ? <Notice tone="critical">{refusal.message}</Notice> : null}
      <Field label="E-mail" error={refusal?.email} required>
        {(control) => <Input {...control} name="email" type="email" autoComplete="username" autoCapitalize="none" spellCheck={false} className="h-10 text-base" />}
      </Field>
      <Field label="Password" error={refusal?.password} required>
        {(control) => <Input {...control} name="password" type="password" autoComplete="current-password" className="h-10 text-base" />}
      </Field>
      <Button type="submit" kind="primary" busy={busy} disabled={wait > 0} className="mt-1 h-10">
        {busy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  );
}

function toRefusal(error: unknown): Refusal {
  if (!(error instanceof ApiError)) return { message: messageOf(error) };
  if (error.status === 401) return { message: 'E-mail or password is wrong.' };
  const [email, password] = [error.field('email'), error.field('password')];
  return email || password ? { message: '', email: email && 'Enter an e-mail address.', password: password && 'Enter your password.' } : { message: error.message };
}
