import 'server-only';
import { createHash } from 'node:crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import { AppError } from '@/lib/errors';
import { may, type Caller } from '@/lib/kit/caller';
import { severities, type Finding } from '@/lib/kit/finding';
import type { DiagnosticResult, FindingsAnswer, FoundItem, Unmeasured } from '@/lib/kit/result';
import { decisionFor, decisionsOf } from './finding-decisions';
import { diagnostics, type Registered } from './registry';
import { questionSchema, toQuestion } from './question';
import { runDiagnostic } from './run-diagnostic';

type Collected = Pick<FindingsAnswer, 'items' | 'unmeasured' | 'more'>;

/** The worst of them: a page of more nobody reads, and ten thousand would be megabytes. */
const mostShown = 250;
const mostDecided = 100;

/** Every finding of a target that the caller may read, the worst first; those that somebody decided about apart; and what could not be measured. */
export async function collectFindings(caller: Caller, target: string, fresh: boolean): Promise<FindingsAnswer> {
  const [{ items, unmeasured, more }, decisions] = await Promise.all([collect(readableBy(caller), target, fresh), decisionsOf(target)]);
  const judged = items.map((item) => ({ item, decision: decisionFor(item, decisions) }));
  const open = judged.flatMap(({ item, decision }) => (decision ? [] : [item]));
  const decided = judged.flatMap(({ item, decision }) => (decision ? [{ ...item, decision }] : []));
  return { items: open.slice(0, mostShown), decided: decided.slice(0, mostDecided), more: more || open.length > mostShown || decided.length > mostDecided, unmeasured };
}

/** @throws AppError not_found when there is no such finding at present */
export async function findFinding(caller: Caller, target: string, id: string): Promise<FoundItem> {
  const readable = readableBy(caller);
  // An id tells nothing of its diagnostic, but this console has given it out: mostly one question is enough.
  const own = readable.filter((entry) => entry.id === givenOut.get(id));
  const { items } = await collect(own.length > 0 ? own : readable, target, false);
  const found = items.find((item) => item.id === id);
  if (!found) throw new AppError('not_found', 'There is no such finding at present: it may have been mended.');
  return found;
}

/** What costs the server a scan or is about one thing, is asked by a person alone, and what gives no findings only on its page. */
const readableBy = (caller: Caller): Registered[] =>
  [...diagnostics.values()].filter(({ diagnostic }) => may(caller, diagnostic.permission) && !diagnostic.onDemand && !diagnostic.concerns && Object.keys(diagnostic.codes).length > 0);

/** The findings themselves, whatever was decided about them. */
async function collect(entries: Registered[], target: string, fresh: boolean): Promise<Collected> {
  const answers = await Promise.all(entries.map((entry) => ask(entry, target, fresh)));
  return { items: ranked(answers.map((answer) => answer.items)), unmeasured: answers.flatMap((answer) => answer.unmeasured), more: answers.some((answer) => answer.more) };
}

/** The diagnostic of each id, the newest last; forgotten ones cost a look at every diagnostic. */
const givenOut = new Map<string, string>();
const mostRemembered = 20_000;

function remember(id: string, diagnosticId: string): void {
  givenOut.delete(id);
  givenOut.set(id, diagnosticId);
  for (const oldest of givenOut.keys()) if (givenOut.size > mostRemembered) givenOut.delete(oldest);
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

/** Of the three monitoring connections: a panel that is opened meanwhile has the third. */
const mostAtOnce = 2;
/** A question asked later than this could not be answered in time. */
const mostTurnMs = 10_000;
const turns = new Map<string, LimitFunction>();
const notAsked: Unmeasured = { state: 'unmeasured', reason: { code: 'busy', says: 'The server took so long over the questions before that this one was not asked. It is with the next refresh.' }, remedy: null };

/** All questions at once would wait for each other’s connections, and give up for that. */
function inTurn(target: string, work: () => Promise<DiagnosticResult>): Promise<DiagnosticResult> {
  const limit = turns.get(target) ?? pLimit(mostAtOnce);
  turns.set(target, limit);
  const since = performance.now();
  return limit(() => (performance.now() - since > mostTurnMs ? notAsked : work()));
}

async function ask(entry: Registered, target: string, fresh: boolean): Promise<Collected> {
  const question = { ...toQuestion(questionSchema(entry.diagnostic).parse({ target })), judgeOnly: true };
  const result = await runDiagnostic(entry, question, { fresh, turn: (work) => inTurn(target, work) });
  if (result.state === 'unmeasured') return { items: [], unmeasured: [{ diagnostic: entry.id, reason: result.reason }], more: false };
  const items = result.findings.map((finding): FoundItem => ({ ...finding, id: idOf(entry.id, finding), diagnostic: entry.id }));
  for (const { id } of items) remember(id, entry.id);
  return { items, unmeasured: [], more: result.more_findings };
}

/** The same finding about the same object has the same id from one collection to the next. */
function idOf(diagnosticId: string, finding: { code: string; about: string; evidence: Record<string, unknown> }): string {
  const object = finding.evidence['queryid'] ?? finding.about;
  return createHash('sha256').update(JSON.stringify([diagnosticId, finding.code, object])).digest('hex').slice(0, 16);
}
