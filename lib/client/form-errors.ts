import type { FieldPath, FieldValues, UseFormReturn } from 'react-hook-form';
import { ApiError, messageOf } from './problem';

/** Puts the server's refusal where it belongs: on the form's fields by path, anything else on the whole form. */
export function showRefusal<T extends FieldValues>(form: UseFormReturn<T>, error: unknown, fields: readonly FieldPath<T>[]): void {
  const messages = fields.flatMap((field) => {
    const message = error instanceof ApiError ? error.field(field) : undefined;
    return message === undefined ? [] : [{ field, message }];
  });
  for (const [index, { field, message }] of messages.entries()) form.setError(field, { message }, { shouldFocus: index === 0 });
  if (messages.length === 0) form.setError('root', { message: messageOf(error) });
}
