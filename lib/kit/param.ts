import { z } from 'zod';
import { formatBytes, type TypedUnit } from '@/lib/units';

// Where a first object schema is made, zod tries whether it may compile text. Our policy does not let a browser do so, and the browser reports the try.
if (typeof window !== 'undefined') z.config({ jitless: true });

export const isStorableText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

/** Characters as PostgreSQL and JSON Schema count them: an emoji is one, not two. */
const isWithin = (text: string, most: number): boolean => text.length <= most || (text.length <= most * 2 && [...text].length <= most);

/** Text that PostgreSQL can hold (no NUL, no lone surrogate), at most `most` characters. */
export const storableText = (most: number) =>
  z
    .string()
    .check(({ value, issues }) => {
      if (!isWithin(value, most)) issues.push({ code: 'too_big', origin: 'string', maximum: most, input: value, message: `must have at most ${most} characters` });
      else if (!isStorableText(value)) issues.push({ code: 'custom', input: value, message: 'must not contain NUL or lone surrogates' });
    })
    .meta({ maxLength: most });

/** A day or an instant between the years 2000 and 2199. */
export const moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a date such as 2026-01-31 or an ISO 8601 time')
  .refine((text) => /^2[01]/.test(new Date(text).toISOString()), 'must lie between the years 2000 and 2199');

/** Text as it arrives in a query string. `z.coerce.number()` would turn an empty value into 0, so a number is matched as one first. */
const number = (pattern: RegExp, says: string, least: number, most: number) =>
  z.string().regex(pattern, says).transform(Number).pipe(z.number().min(least).max(most));

export const wholeNumber = (least: number, most: number) => number(/^\d{1,16}$/, 'must be a whole number', least, most);
const decimal = (most: number) => number(/^\d{1,15}(\.\d{1,6})?$/, 'must be a number', 0, most);

/** A parameter of a diagnostic: what the form shows, and how the query string's text becomes its value. */
export type Param<T = unknown> = { label: string; kind: 'number' | 'text' | 'choice'; /** The form takes and shows it with its unit; the query string has base units. */ unit?: TypedUnit; default: string; choices?: readonly string[]; /** Rows fill it in, and no form asks for it. */ seen?: true; schema: z.ZodType<T> };

type Within = { least: number; most: number };

/** Its default, which stands for what is not known, or from `least` to `most`. */
const sized = ({ least, most }: Within, fallback: number) =>
  wholeNumber(0, most).refine((bytes) => bytes === fallback || bytes >= least, `must be ${fallback}, or at least ${formatBytes(least)}`);

const numeric = (schema: z.ZodType<number, string>, unit?: TypedUnit) => (label: string, fallback: number): Param<number> => ({ label, kind: 'number', ...(unit ? { unit } : {}), default: String(fallback), schema });

/** A name as SQL writes it, with or without its schema: two names of 63 bytes, quoted, each quote doubled. */
const part = /(?:"(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)/.source;
const objectName = storableText(300).regex(new RegExp(`^${part}(?:\\.${part})?$`, 'u'), 'must be a name as SQL writes it: public.orders, "Odd name"');

export const param = {
  count: numeric(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  bytes: (label: string, fallback: number, within?: Within): Param<number> => numeric(within ? sized(within, fallback) : wholeNumber(0, Number.MAX_SAFE_INTEGER), 'bytes')(label, fallback),
  ms: numeric(decimal(1e12), 'ms'),
  /** 0–1. */
  ratio: numeric(decimal(1), 'ratio'),
  text: (label: string): Param<string> => ({ label, kind: 'text', default: '', schema: storableText(200) }),
  /** Text that may not be empty; `says` is what it has to be. */
  filled: (label: string, says: string): Param<string> => ({ label, kind: 'text', default: '', schema: storableText(200).refine((text) => text.trim() !== '', says) }),
  /** What tells an object, as a row has it, from a later one of the same name; empty for whichever there is now. */
  seen: (label: string): Param<string> => ({ ...param.text(label), seen: true }),
  object: (label: string): Param<string> => ({ label, kind: 'text', default: '', schema: objectName }),
  /** A part of a statement: expressions, a condition. */
  phrase: (label: string): Param<string> => ({ label, kind: 'text', default: '', schema: storableText(2000) }),
  choice: <const T extends string>(label: string, choices: readonly [T, ...T[]]): Param<T> => ({ label, kind: 'choice', default: choices[0], choices, schema: z.enum(choices) }),
};

const isPrototype = (sent: unknown): boolean => typeof sent === 'object' && sent !== null && Object.hasOwn(sent, '__proto__');

/** Parameters as a request has them: every one as text, as a form or an address has it. A record would leave `__proto__` out in silence. */
export const sentParams = z.preprocess((sent, { addIssue }) => {
  if (isPrototype(sent)) addIssue({ code: 'unrecognized_keys', keys: ['__proto__'], input: sent as Record<string, unknown> });
  return sent;
}, z.record(z.string(), z.string()));

export type Params = Record<string, Param>;
export type ParamsOf<P extends Params> = { [K in keyof P]: P[K] extends Param<infer T> ? T : never };
