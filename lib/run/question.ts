import 'server-only';
import { z } from 'zod';
import type { Diagnostic } from '@/lib/kit/diagnostic';
import { storableText, wholeNumber } from '@/lib/kit/param';
import { requireTarget } from './monitor';

export type Question = { target: string; limit: number; sort: string; q: string; params: Record<string, unknown>; /** The findings alone are wanted, no rows. */ judgeOnly?: boolean };

const text = z.string();

/** The query string of a diagnostic: what every one takes, and its own parameters. */
export function questionSchema(diagnostic: Diagnostic) {
  const keys = Object.keys(diagnostic.row);
  const own = Object.fromEntries(Object.entries(diagnostic.params).map(([key, { schema, default: fallback }]) => [key, text.default(fallback).pipe(schema as z.ZodType<unknown, string>)]));
  return z.strictObject({
    target: text.default('main').refine((name) => name.length < 60, 'is too long'),
    limit: wholeNumber(1, 1000).default(100),
    sort: text.default(diagnostic.sort).refine((sort) => keys.includes(sort.replace(/^-/, '')), `must be one of ${keys.join(', ')}, with a minus for descending`),
    q: storableText(200).default(''),
    ...own,
  });
}

/** The parsed query string as a question. @throws AppError not_found for an unknown target */
export function toQuestion(query: Record<string, unknown>): Question {
  const { target, limit, sort, q, ...params } = query as Question;
  return { target: requireTarget(target), limit, sort, q, params };
}
