import 'server-only';
import type { DiagnosticResult } from '@/lib/kit/result';

type Shared = { at: number; state: 'asked' | DiagnosticResult['state']; answer: Promise<DiagnosticResult> };

const most = 500;
/** What could not be measured is tried again soon: the server may be back. */
const unmeasuredMs = 1000;

// Next evaluates modules once per bundle: the runner of jobs is in another one than the routes.
const shared = globalThis as typeof globalThis & { riskdeskAnswers?: Map<string, Shared> };
const known = (shared.riskdeskAnswers ??= new Map());

/**
 * One answer for all who ask the same: while it is on its way, and as long as its age is within `maxAgeMs`. Fifty open pages
 * then cost the observed server what one does.
 */
export function sharedAnswer(key: string, maxAgeMs: number, ask: () => Promise<DiagnosticResult>): Promise<DiagnosticResult> {
  const found = known.get(key);
  if (found && isFresh(found, maxAgeMs)) return found.answer;
  const one: Shared = { at: Date.now(), state: 'asked', answer: ask() };
  const settle = (state: DiagnosticResult['state']) => Object.assign(one, { at: Date.now(), state });
  one.answer.then((result) => settle(result.state), () => settle('unmeasured'));
  // The one that was asked for first goes: a search box makes many questions that nobody asks again.
  if (known.size >= most) for (const oldest of known.keys()) if (known.size >= most) known.delete(oldest);
  known.delete(key);
  known.set(key, one);
  return one.answer;
}

function isFresh({ at, state }: Shared, maxAgeMs: number): boolean {
  return state === 'asked' || Date.now() - at < (state === 'measured' ? maxAgeMs : Math.min(maxAgeMs, unmeasuredMs));
}

/** Something has been changed: what is asked next is asked of the server, by this console. `of` tells by its key whether an answer is out of date. */
export function forgetAnswers(of: (key: string) => boolean): void {
  for (const key of known.keys()) if (of(key)) known.delete(key);
}
