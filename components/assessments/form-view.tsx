'use client';

import { useQueryClient } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import { useEffect, useRef, useState, type RefObject } from 'react';
import { FormProvider, useForm, type Resolver } from 'react-hook-form';
import { Button, LinkButton } from '@/components/ui/button';
import { Kbd } from '@/components/ui/kbd';
import { Notice } from '@/components/ui/notice';
import { keys } from '@/lib/client/keys';
import { newest } from '@/lib/client/use-assessment';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { useListAddress } from './detail-back';
import { BusinessCard, RiskCard } from './form-business';
import type { Country } from './form-countries';
import { emptyValues, valuesOf, type FormValues } from './form-draft';
import { LeaveGuard } from './form-leave';
import { CheckList, FactorList, PredictionList } from './form-lists';
import { useSave } from './form-save';

const ConflictDialog = dynamic(() => import('./conflict-dialog').then((module) => module.ConflictDialog), { ssr: false });

/** The schemas are loaded after the page, and are there before somebody has typed. */
const schema = () => import('./form-schema');
const resolver: Resolver<FormValues> = async (...asked) => (await schema()).check(...asked);

type Props = { /** Null for a new one. */ first: Assessment | null; countries: readonly Country[] };

/** A new assessment, or one that is there, with its three lists. */
export function AssessmentForm({ first, countries }: Props) {
  const client = useQueryClient();
  const [from] = useState(() => (first ? newest(first, client.getQueryData<Assessment>(keys.assessment(first.id))) : null));
  // Not on blur: a message that appears between pressing and releasing the mouse moves the button away from under it.
  const form = useForm<FormValues>({ resolver, defaultValues: from ? valuesOf(from) : emptyValues, mode: 'onChange', shouldFocusError: false });
  const element = useRef<HTMLFormElement>(null);
  const { save, conflict, settle, refusal, done } = useSave(form, from, () => element.current);
  const { isDirty, isSubmitting, submitCount } = form.formState;
  const [comparing, setComparing] = useState(true);
  useEffect(() => {
    form.setFocus('businessName');
    void schema().catch(() => {});
  }, [form]);
  useFirstRefused(element, submitCount);
  useSaveKey(element);
  const list = useListAddress();
  const unsaved = isDirty && !done;
  const submit = (event: { preventDefault: () => void }) => {
    event.preventDefault();
    setComparing(true);
    if (!isSubmitting) void save();
  };
  return (
    <FormProvider {...form}>
      <form ref={element} method="post" noValidate onSubmit={submit} className="-mb-16 flex flex-col gap-4 [&_:is(input,select,textarea,button)]:scroll-my-20">
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <BusinessCard countries={countries} />
          <RiskCard />
        </div>
        <FactorList />
        <PredictionList />
        <CheckList />
        <div className="sticky bottom-0 z-10 -mx-4 flex flex-col gap-2 border-t border-line bg-canvas/95 px-4 py-3 backdrop-blur lg:-mx-6 lg:px-6">
          {refusal ? <Notice tone={conflict ? 'warning' : 'critical'} title={refusal.title} action={conflict ? <Button size="small" onClick={() => setComparing(true)}>Compare</Button> : null}>{refusal.says}</Notice> : null}
          <div className="flex flex-wrap items-center justify-end gap-2">
            <p className="grow text-xs text-faint" aria-live="polite">{unsaved ? 'Not saved yet' : ''}</p>
            <LinkButton href={from ? `/assessments/${from.id}` : list}>Cancel</LinkButton>
            <Button type="submit" kind="primary" busy={isSubmitting || done} aria-keyshortcuts="Control+Enter Meta+Enter">{isSubmitting ? 'Saving…' : from ? 'Save' : 'Create'}</Button>
            <span className="flex gap-0.5 max-sm:hidden" aria-hidden><Kbd>Ctrl</Kbd><Kbd>Enter</Kbd></span>
          </div>
        </div>
      </form>
      <LeaveGuard active={unsaved} />
      {conflict ? <ConflictDialog key={conflict.theirs.version} conflict={conflict} open={comparing} onClose={() => setComparing(false)} onSettle={settle} /> : null}
    </FormProvider>
  );
}

/** After a try, the first field that was refused has the focus. */
function useFirstRefused(element: RefObject<HTMLFormElement | null>, tries: number): void {
  useEffect(() => {
    if (tries > 0) element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [element, tries]);
}

/** Ctrl-Enter saves from wherever the focus is. */
function useSaveKey(element: RefObject<HTMLFormElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      element.current?.requestSubmit();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [element]);
}
