import 'server-only';
import { createHash } from 'node:crypto';
import { may, type Caller } from '@/lib/kit/caller';
import { severities } from '@/lib/kit/finding';
import type { FindingsAnswer, FoundItem } from '@/lib/kit/result';
import { diagnostics, type Registered } from './registry';
import { questionSchema, runDiagnostic, toQuestion } from './run-diagnostic';

/** Every finding of a target that the caller may read, the worst first, and what could not be measured. */
export async function collectFindings(caller: Caller, target: string): Promise<FindingsAnswer> {
  const readable = [...diagnostics.values()].filter(({ diagnostic }) => may(caller, diagnostic.permission));
  const answers = await Promise.all(readable.map((entry) => ask(entry, target)));
  const items = answers.flatMap((answer) => answer.items);
  items.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  return { items, unmeasured: answers.flatMap((answer) => answer.unmeasured) };
}

async function ask(entry: Registered, target: string): Promise<FindingsAnswer> {
  const question = toQuestion(questionSchema(entry.diagnostic).parse({ target }));
  const result = await runDiagnostic(entry, question);
  if (result.state === 'unmeasured') return { items: [], unmeasured: [{ diagnostic: entry.id, reason: result.reason }] };
  const items = result.findings.map((finding): FoundItem => ({ ...finding, id: idOf(entry.id, finding), diagnostic: entry.id }));
  return { items, unmeasured: [] };
}

/** The same finding about the same object has the same id from one collection to the next. */
function idOf(diagnosticId: string, finding: { code: string; about: string; evidence: Record<string, unknown> }): string {
  const object = finding.evidence['queryid'] ?? finding.about;
  return createHash('sha256').update(JSON.stringify([diagnosticId, finding.code, object])).digest('hex').slice(0, 16);
}
