import { z } from 'zod';

/**
 * Parameters arrive as text in a query string. `z.coerce.number()` would turn an empty value into 0, so a number is
 * matched as one first. NUL and lone surrogates are refused because PostgreSQL cannot store them in text.
 */
const numeric = (pattern: RegExp, says: string, least: number, most: number) =>
  z.string().regex(pattern, says).transform(Number).pipe(z.number().min(least).max(most));

const decimal = (most: number) => numeric(/^\d{1,15}(\.\d{1,6})?$/, 'must be a number', 0, most);
const whole = (least: number, most: number) => numeric(/^\d{1,16}$/, 'must be a whole number', least, most);

export const isStorableText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

/** Text that PostgreSQL can hold, at most `most` characters. */
export const storableText = (most: number) =>
  z.string().max(most, `must have at most ${most} characters`).refine(isStorableText, 'must not contain NUL or lone surrogates');

export const param = {
  count: whole(0, Number.MAX_SAFE_INTEGER),
  bytes: whole(0, Number.MAX_SAFE_INTEGER),
  ms: decimal(1e12),
  ratio: decimal(1),
  text: storableText(200),
  between: whole,
  oneOf: <const T extends readonly [string, ...string[]]>(values: T) => z.enum(values),
};
