import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '@/lib/errors';
import { isStorableText } from '@/lib/kit/param';
import { sorts, type Sort } from './schema';

/** A place in a list: beside which row (its sort key and id), and whether the page lies after or before it. */
export type Cursor = { sort: Sort; direction: 'after' | 'before'; key: string; id: string };

const createdAt = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const score = /^(0|1)\.\d\d$/;

const keyFits: Record<string, (key: string) => boolean> = {
  createdAt: (key) => createdAt.test(key) && !Number.isNaN(Date.parse(key)),
  riskScore: (key) => score.test(key),
  businessName: (key) => key.length <= 1000 && isStorableText(key),
};

const schema = z
  .tuple([z.enum(sorts), z.enum(['after', 'before']), z.string(), z.guid()])
  .refine(([sort, , key]) => keyFits[sort.replace('-', '')]?.(key));

/** Finds a cursor that was altered on the way; one that somebody makes by hand leads to rows that they may read anyway. */
const checksum = (payload: string) => createHash('sha256').update(payload).digest('base64url').slice(0, 8);

export function writeCursor({ sort, direction, key, id }: Cursor): string {
  const payload = Buffer.from(JSON.stringify([sort, direction, key, id])).toString('base64url');
  return payload + checksum(payload);
}

/** @throws AppError invalid, also for a cursor of another order */
export function readCursor(text: string, sort: Sort): Cursor {
  const payload = text.slice(0, -8);
  const [cursorSort, direction, key, id] = checksum(payload) === text.slice(-8) ? decoded(payload) : [];
  if (!cursorSort || !direction || key === undefined || !id) throw refused('must be one that an answer gave');
  if (cursorSort !== sort) throw refused(`belongs to the order ${cursorSort}: begin without one`);
  return { sort, direction, key, id };
}

const refused = (says: string) => new AppError('invalid', `cursor ${says}`, { errors: [{ path: 'cursor', code: 'invalid_cursor', message: says }] });

function decoded(payload: string): z.infer<typeof schema> | [] {
  try {
    return schema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  } catch {
    return [];
  }
}
