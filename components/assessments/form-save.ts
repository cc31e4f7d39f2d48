'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import type { FieldPath, UseFormReturn } from 'react-hook-form';
import { toast } from '@/components/ui/toast';
import { keys } from '@/lib/client/keys';
import { ApiError, messageOf } from '@/lib/client/problem';
import { changeAssessment, createAssessment, currentOf, isGone } from '@/lib/client/use-assessment';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { changeOf } from './conflict-merge';
import { draftFrom, draftOf, type Draft, type FormValues } from './form-draft';

export type Conflict = { base: Assessment; mine: Draft; theirs: Assessment };
export type Refusal = { title: string; says: string };

/** Creates without a base; otherwise sends what differs from it, as a change of that version. Nothing to send is no failure. */
async function send(base: Assessment | null, mine: Draft): Promise<Assessment> {
  if (!base) return createAssessment(mine);
  const change = changeOf(draftFrom(base), mine);
  return Object.keys(change).length === 0 ? base : changeAssessment(base.id, { ...change, version: base.version });
}

const hasField = (element: HTMLFormElement | null, path: string): path is FieldPath<FormValues> => path !== '' && element?.elements.namedItem(path) instanceof HTMLElement;

/** Fields take what the server says of them; what no field can show is left to say. */
function showRefused(form: UseFormReturn<FormValues>, element: HTMLFormElement | null, error: unknown): Refusal | null {
  if (isGone(error)) return { title: 'It has been deleted meanwhile', says: 'What you typed is still here.' };
  if (!(error instanceof ApiError) || error.status !== 422) return { title: 'It was not saved', says: messageOf(error) };
  const rest = error.errors.flatMap(({ path, message }) => {
    if (!hasField(element, path)) return [`${path} ${message}`];
    form.setError(path, { type: 'server', message });
    return [];
  });
  return error.errors.length > 0 && rest.length === 0 ? null : { title: 'It was not saved', says: rest.length > 0 ? `${rest.join('; ')}.` : error.message };
}

/** Saves the form, and holds what came in between. */
export function useSave(form: UseFormReturn<FormValues>, first: Assessment | null, element: () => HTMLFormElement | null) {
  const client = useQueryClient();
  const router = useRouter();
  const [base, setBase] = useState(first);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [done, setDone] = useState(false);
  const finish = (saved: Assessment) => {
    setDone(true);
    client.setQueryData(keys.assessment(saved.id), saved);
    void client.invalidateQueries({ queryKey: keys.assessments() });
    void toast(first ? 'Saved' : 'Created', { tone: 'ok', about: saved.businessName });
    // Going back leads past the form, which would show what was there before.
    router.replace(`/assessments/${saved.id}`);
  };
  const saveOn = (on: Assessment | null) => form.handleSubmit(async (values: FormValues) => {
    const mine = draftOf(values);
    setRefusal(null);
    setConflict(null);
    try {
      finish(await send(on, mine));
    } catch (error) {
      const theirs = currentOf(error);
      setConflict(on && theirs ? { base: on, mine, theirs } : null);
      setRefusal(theirs ? { title: 'Somebody changed it meanwhile', says: 'Nothing was saved, and nothing that you typed is lost.' } : showRefused(form, element(), error));
    }
  });
  const attempt = (on: Assessment | null) => saveOn(on)().catch((error: unknown) => setRefusal({ title: 'It was not saved', says: messageOf(error) }));
  /** Saves what was merged, on top of the version that was in the way. */
  const settle = async (merged: FormValues, theirs: Assessment) => {
    setConflict(null);
    setBase(theirs);
    form.reset(merged, { keepDefaultValues: true });
    await attempt(theirs);
  };
  return { save: () => attempt(base), conflict, settle, refusal, done };
}
