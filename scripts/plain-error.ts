/** For a failure whose line another process has printed. */
export const saidAlready = '';

/** Something the person at the terminal can mend: shown as its one line, without a stack trace. */
export class PlainError extends Error {
  constructor(line: string) {
    super(line);
    this.name = 'PlainError';
  }
}

const diskReasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'no permission',
  EPERM: 'not permitted',
  ENOTDIR: 'a file is where a directory should be',
  EMFILE: 'too many open files',
};

/** One line for any failure. A system error names its path, which is what one needs to mend it. */
export function plainLine(error: unknown): string {
  if (error instanceof PlainError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, path } = error as NodeJS.ErrnoException;
  const reason = code === undefined ? undefined : diskReasons[code];
  if (reason) return path ? `${path}: ${reason}.` : `${reason[0]?.toUpperCase()}${reason.slice(1)}.`;
  return error.message.split('\n')[0] ?? error.name;
}

/** Ends the process with one line; the whole error only for those who ask for it. */
export function exitWith(error: unknown): never {
  const line = plainLine(error);
  if (line !== saidAlready) console.error(line);
  if (process.env.RISKDESK_DEBUG) console.error(error);
  process.exit(1);
}
