import type { FieldPath, FieldValues, UseFormReturn } from 'react-hook-form';
import { ApiError, messageOf } from './problem';

/** Puts the server's refusal where it belongs: on the form's fields by path, anything else on the whole form. */
export function showRefusal<T extends FieldValues>(form: UseFormReturn<T>, error: unknown, fields: readonly FieldPath<T>[]): void {
  const refused = error instanceof ApiError ? fields.filter((field) => error.field(field) !== undefined) : [];
  for (const [index, field] of refused.entries()) form.setError(field, { message: error instanceof ApiError ? (error.field(field) ?? '') : '' }, { shouldFocus: index === 0 });
  if (refused.length === 0) form.setError('root', { message: messageOf(error) });
}
