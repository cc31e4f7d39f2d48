import 'server-only';
import { createHash } from 'node:crypto';
import { AppError } from '@/lib/errors';
import { may, type Caller } from '@/lib/kit/caller';
import { severities, type Finding } from '@/lib/kit/finding';
import type { FindingsAnswer, FoundItem } from '@/lib/kit/result';
import { decisionFor, decisionsOf } from './finding-decisions';
import { diagnostics, type Registered } from './registry';
import { questionSchema, runDiagnostic, toQuestion } from './run-diagnostic';

type Collected = Pick<FindingsAnswer, 'items' | 'unmeasured'>;

/** Every finding of a target that the caller may read, the worst first; those that somebody decided about apart; and what could not be measured. */
export async function collectFindings(caller: Caller, target: string, fresh: boolean): Promise<FindingsAnswer> {
  const [{ items, unmeasured }, decisions] = await Promise.all([collect(caller, target, fresh), decisionsOf(target)]);
  const judged = items.map((item) => ({ item, decision: decisionFor(item, decisions) }));
  return {
    items: judged.flatMap(({ item, decision }) => (decision ? [] : [item])),
    decided: judged.flatMap(({ item, decision }) => (decision ? [{ ...item, decision }] : [])),
    unmeasured,
  };
}

/** @throws AppError not_found when there is no such finding at present */
export async function findFinding(caller: Caller, target: string, id: string): Promise<FoundItem> {
  const { items } = await collect(caller, target, false);
  const found = items.find((item) => item.id === id);
  if (!found) throw new AppError('not_found', 'There is no such finding at present: it may have been mended.');
  return found;
}

/** The findings themselves, whatever was decided about them. What costs the server a scan, or is about one thing, is asked by a person alone. */
async function collect(caller: Caller, target: string, fresh: boolean): Promise<Collected> {
  const readable = [...diagnostics.values()].filter(({ diagnostic }) => may(caller, diagnostic.permission) && !diagnostic.onDemand && !diagnostic.concerns);
  const answers = await Promise.all(readable.map((entry) => ask(entry, target, fresh)));
  return { items: ranked(answers.map((answer) => answer.items)), unmeasured: answers.flatMap((answer) => answer.unmeasured) };
}

const bySeverity = (a: Finding, b: Finding): number => severities.indexOf(a.severity) - severities.indexOf(b.severity);

/**
 * By severity. Within one, the costliest of each kind before the second of any: a diagnostic puts its own in order of cost,
 * but megabytes of one and milliseconds of another do not compare, and forty unused indexes must not hide the one full sequence.
 */
function ranked(byDiagnostic: FoundItem[][]): FoundItem[] {
  const placed = byDiagnostic.flatMap((items) => {
    const seen = new Map<string, number>();
    return items.map((item) => {
      const kind = `${item.severity} ${item.code}`;
      const place = seen.get(kind) ?? 0;
      seen.set(kind, place + 1);
      return { item, place };
    });
  });
  return placed.toSorted((a, b) => bySeverity(a.item, b.item) || a.place - b.place).map(({ item }) => item);
}

async function ask(entry: Registered, target: string, fresh: boolean): Promise<Collected> {
  const question = toQuestion(questionSchema(entry.diagnostic).parse({ target }));
  const result = await runDiagnostic(entry, question, { fresh });
  if (result.state === 'unmeasured') return { items: [], unmeasured: [{ diagnostic: entry.id, reason: result.reason }] };
  const items = result.findings.map((finding): FoundItem => ({ ...finding, id: idOf(entry.id, finding), diagnostic: entry.id }));
  return { items, unmeasured: [] };
}

/** The same finding about the same object has the same id from one collection to the next. */
function idOf(diagnosticId: string, finding: { code: string; about: string; evidence: Record<string, unknown> }): string {
  const object = finding.evidence['queryid'] ?? finding.about;
  return createHash('sha256').update(JSON.stringify([diagnosticId, finding.code, object])).digest('hex').slice(0, 16);
}
