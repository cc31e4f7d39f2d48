/**
 * Every error that reaches a person has one of these codes. The table is the public list: title and HTTP status belong
 * to the code, the sentence (`message`) to the occasion.
 */
export const errorCodes = {
  bad_request: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  forbidden: { status: 403, title: 'Not allowed' },
  foreign_origin: { status: 403, title: 'The request comes from another site' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'The request body took too long to arrive' },
  version_conflict: { status: 409, title: 'Somebody changed it meanwhile' },
  conflict: { status: 409, title: 'It conflicts with what is there' },
  guard_refused: { status: 409, title: 'A guard refused the action' },
  seal_stale: { status: 409, title: 'What the preview showed has changed' },
  object_busy: { status: 409, title: 'A job is running on this object' },
  payload_too_large: { status: 413, title: 'The request body is too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  invalid: { status: 422, title: 'Some fields are not valid' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  database_unavailable: { status: 503, title: 'The database cannot be reached' },
  database_busy: { status: 503, title: 'The database is busy' },
  deadline_exceeded: { status: 503, title: 'The answer took too long' },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** One refused field: `path` like `items.3.riskScore`, empty for the whole body. */
export type FieldError = { path: string; code: string; message: string };

export type ErrorDetails = {
  errors?: FieldError[];
  /** Seconds, sent as the Retry-After header too. */
  retryAfter?: number;
  [key: string]: unknown;
};

const brand = Symbol.for('riskdesk.AppError');

/** An error meant for the person who asked. Its message never holds a secret, a parameter value or a driver's text. */
export class AppError extends Error {
  readonly [brand] = true;
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message?: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message ?? errorCodes[code].title, options);
    this.name = 'AppError';
    this.code = code;
    this.details = details;
  }

  /** A server holds this module once for each of its bundles, and what they share throws the class of one of them. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }
}

/** The error for one field that no schema could refuse. */
export function invalidField(path: string, code: string, message: string): AppError {
  return new AppError('invalid', message, { errors: [{ path, code, message }] });
}

/** RFC 9457 body. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  errors?: FieldError[];
  [key: string]: unknown;
};

export function toProblem(error: AppError): Problem {
  const { status, title } = errorCodes[error.code];
  return { type: 'about:blank', title, status, detail: error.message, code: error.code, ...error.details };
}
