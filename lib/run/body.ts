import 'server-only';
import type { z } from 'zod';
import { AppError, type FieldError } from '@/lib/errors';

const megabyte = 1024 * 1024;
const bodyDeadlineMs = 10_000;

/** A JSON body, read as a stream so that an oversized one is refused before it is held. @throws AppError 415, 413, 408, 400 */
export async function readJson(request: Request, maxBytes = megabyte): Promise<unknown> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) throw new AppError('unsupported_media_type', 'Send the body as application/json.');
  const encoding = request.headers.get('content-encoding');
  if (encoding && encoding !== 'identity') throw new AppError('unsupported_media_type', 'Send the body without Content-Encoding.');
  const bytes = await readBytes(request, maxBytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new AppError('bad_request', 'The body is not valid JSON in UTF-8.');
  }
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = () => new AppError('payload_too_large', `The body may have at most ${maxBytes} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void reader.cancel().catch(() => {});
  }, bodyDeadlineMs);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.byteLength;
      if (size > maxBytes) throw tooLarge();
      chunks.push(next.value);
    }
  } catch (error) {
    void reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
  if (late) throw new AppError('request_timeout', 'The body must arrive within ten seconds.');
  return Buffer.concat(chunks);
}

/** A query string as values by name; a repeated name becomes a list. */
export function readQuery(params: URLSearchParams): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const name of new Set(params.keys())) {
    const values = params.getAll(name);
    query[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return { ...query };
}

/** Parses with the endpoint's schema; every refused field is named. @throws AppError invalid */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 100).flatMap(toFieldErrors);
  const [first] = errors;
  throw new AppError('invalid', first ? `${first.path || 'The request'} ${first.message}` : 'Some fields are not valid.', { errors });
}

/** Of a choice between shapes without a sentence of its own: what is wrong in the shape that was meant. */
function meant(issue: z.core.$ZodIssue): z.core.$ZodIssue[] | undefined {
  if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input') return undefined;
  const within = issue.errors.find((branch) => branch.length > 0 && branch.every(({ path }) => path.length > 0));
  return within ?? issue.errors.find((branch) => branch.some(({ code }) => code !== 'invalid_type'));
}

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const inside = meant(issue);
  if (inside) return inside.flatMap((inner) => toFieldErrors({ ...inner, path: [...issue.path, ...inner.path] }));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, 20).map((key) => ({ path: [...issue.path, key].map(String).join('.').slice(0, 200), code: 'unknown_field', message: 'is not known here' }));
  }
  return [{ path: issue.path.map(String).join('.').slice(0, 200), code: issue.code, message: issue.message.slice(0, 300) }];
}
