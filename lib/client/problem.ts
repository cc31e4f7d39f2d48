import type { FieldError, Problem } from '@/lib/errors';

/** An answer that is not a success, or none at all (`status` 0). `errors` are the refused fields by path. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: FieldError[];
  /** Seconds to wait before the next try, where the server said so. */
  readonly retryAfter: number | null;
  /** The whole body, for problems that carry more (a conflict's `current`, a guard's reasons). */
  readonly problem: Record<string, unknown>;

  constructor(status: number, code: string, message: string, problem: Record<string, unknown> = {}, retryAfter: number | null = null) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.problem = problem;
    this.errors = fieldErrors(problem['errors']);
    this.retryAfter = retryAfter;
  }

  /** The console cannot answer at all: its database is away, or the network is. */
  get isOutage(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** The message for one field, as a form shows it. */
  field(path: string): string | undefined {
    return this.errors.find((error) => error.path === path)?.message;
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const isFieldError = (value: unknown): value is FieldError => isRecord(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string';
const fieldErrors = (value: unknown): FieldError[] => (Array.isArray(value) ? value.filter(isFieldError) : []);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** The error in a response: problem+json, the auth library's `{ code, message }`, or whatever a proxy in between wrote. */
export async function toApiError(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const problem: Partial<Problem> & Record<string, unknown> = isRecord(body) ? body : {};
  const message = text(problem.detail) ?? text(problem['message']) ?? text(problem.title) ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, text(problem.code) ?? 'unknown', message, problem, seconds(response.headers.get('retry-after')));
}

function seconds(header: string | null): number | null {
  if (header === null) return null;
  const value = Number(header);
  if (Number.isFinite(value)) return Math.max(0, Math.ceil(value));
  const until = Date.parse(header);
  return Number.isNaN(until) ? null : Math.max(0, Math.ceil((until - Date.now()) / 1000));
}

/** What a person reads about a failure. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'Something went wrong.');
