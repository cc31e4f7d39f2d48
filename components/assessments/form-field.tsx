'use client';

import { get, useController, useFormContext, useFormState, type FieldPath, type FieldPathByValue } from 'react-hook-form';
import { Field } from '@/components/ui/field';
import { Input, Textarea } from '@/components/ui/input';
import { isRecord } from '@/lib/client/problem';
import { tidyScore, type FormValues } from './form-draft';

type TextName = FieldPathByValue<FormValues, string>;
type TimeName = FieldPathByValue<FormValues, string | undefined>;

type Look = { label: string; hint?: string; required?: boolean; hiddenLabel?: boolean | 'wide'; className?: string };
type Props = Look & { name: TextName; /** A score and a number of months are typed as text, so that a comma can be. */ kind?: 'line' | 'lines' | 'score' | 'months'; suggestions?: string };

/** The schema's words begin in the middle of a sentence: `must not be empty`. */
const sentence = (message: string): string => message.charAt(0).toUpperCase() + message.slice(1);

/** What is wrong with a field or a list, as the schema or the server says it. */
export function useFieldError(name: FieldPath<FormValues>): string | undefined {
  const { control } = useFormContext<FormValues>();
  const error: unknown = get(useFormState({ control, name }).errors, name);
  const message = isRecord(error) ? (error['message'] ?? (isRecord(error['root']) ? error['root']['message'] : undefined)) : undefined;
  return typeof message === 'string' ? sentence(message) : undefined;
}

/** A field of the form by its path. */
export function FormField({ name, kind = 'line', suggestions, ...look }: Props) {
  const { register, setValue } = useFormContext<FormValues>();
  const error = useFieldError(name);
  const own = register(name, kind === 'score' ? { onBlur: (event: { target: { value: string } }) => setValue(name, tidyScore(event.target.value)) } : {});
  return (
    <Field {...look} error={error}>
      {(control) => {
        if (kind === 'lines') return <Textarea {...control} {...own} rows={1} className="min-h-8! py-[5px]! field-sizing-content" />;
        const number = kind === 'line' ? {} : { inputMode: kind === 'score' ? ('decimal' as const) : ('numeric' as const), className: 'numeric' };
        return <Input {...control} {...own} {...number} list={suggestions} autoComplete="off" />;
      }}
    </Field>
  );
}

/** A time to the minute, in UTC as everywhere. One that nobody touches keeps its seconds. */
export function TimeField({ name, ...look }: Look & { name: TimeName }) {
  const { control: form } = useFormContext<FormValues>();
  const { field } = useController({ control: form, name });
  const error = useFieldError(name);
  return (
    <Field {...look} error={error}>
      {(control) => (
        <Input
          {...control}
          type="datetime-local"
          name={field.name}
          ref={field.ref}
          onBlur={field.onBlur}
          value={typeof field.value === 'string' ? field.value.slice(0, 16) : ''}
          onChange={({ target }) => field.onChange(target.value === '' ? undefined : `${target.value}:00.000Z`)}
          className="numeric"
        />
      )}
    </Field>
  );
}
