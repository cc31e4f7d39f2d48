import type { DiagnosticResult, Measured } from '@/lib/kit/result';

/** The newest answer, and the newest that measured something. */
export type Remembered = { answer: DiagnosticResult; measured: Measured | null };

/** Away for now; asking again can help. Everything else needs somebody to change something. */
const passing: ReadonlySet<string> = new Set(['unreachable', 'busy', 'timeout']);

export const isPassing = (answer: DiagnosticResult): boolean => answer.state === 'unmeasured' && passing.has(answer.reason.code);

/** Keeps the last figures through an outage; a lasting reason (a missing extension) makes them void. */
export function remember(before: Remembered | undefined, answer: DiagnosticResult): Remembered {
  if (answer.state === 'measured') return { answer, measured: answer };
  return { answer, measured: isPassing(answer) ? (before?.measured ?? null) : null };
}
