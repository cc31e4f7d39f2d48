import 'server-only';
import type { Diagnostic } from '@/lib/kit/diagnostic';
import { hoursBetween, thinned, type Line } from '@/lib/kit/history';
import type { DiagnosticResult, Measured, Row, Unmeasured } from '@/lib/kit/result';
import { formatTime } from '@/lib/units';
import type { Registered } from './registry';
import { samplesOf, sampleOf } from './samples';

type HistoryDiagnostic = Extract<Diagnostic, { source: 'history' }>;
export type History = { now: Measured; from: string; rows: Row[]; lines: Line[] };

/** Less than this is noise. */
const leastHours = 1;

/** What a history diagnostic finds in the samples of another and in what that one says now, which is asked only where there is something to compare it with. */
export async function readHistory(diagnostic: HistoryDiagnostic, of: Registered, target: string, params: Record<string, unknown>, ask: () => Promise<DiagnosticResult>): Promise<History | Unmeasured> {
  const { samples, at } = await samplesOf(target, of.id, diagnostic.days(params as never));
  const [first] = samples;
  if (!first || at === null || hoursBetween(first.at, at) < leastHours) return tooEarly(of, first?.at ?? null);
  const now = await ask();
  if (now.state === 'unmeasured') return now;
  const { rows, lines } = diagnostic.read({ samples: [...samples, sampleOf(of, { ...now, at })], now: now.rows }, { params: params as never });
  return { now, from: first.at, rows: rows as Row[], lines: thinned(lines) };
}

function tooEarly({ diagnostic }: Registered, first: string | null): Unmeasured {
  const every = diagnostic.sample?.everyMinutes ?? 60;
  const since = first === null ? 'None is kept yet.' : `The first is of ${formatTime(first)}.`;
  return { state: 'unmeasured', reason: { code: 'too_early', says: `The figures are kept every ${every} minutes while the console runs. ${since} There is something to compare after an hour.` }, remedy: null };
}
