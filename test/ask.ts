import type { DiagnosticResult, Measured } from '@/lib/kit/result';

/** Asks a diagnostic as the API would. Imported late: the product reads its settings when it is first used. */
export async function ask(id: string, query: Record<string, string> = {}): Promise<DiagnosticResult> {
  const { diagnostics } = await import('@/lib/run/registry');
  const { questionSchema, runDiagnostic, toQuestion } = await import('@/lib/run/run-diagnostic');
  const entry = diagnostics.get(id);
  if (!entry) throw new Error(`${id} is not declared`);
  // Identical questions share an answer for a second; a test that plants and asks again wants another one.
  const limit = String(1 + (asked = (asked + 1) % 900) + 99);
  return runDiagnostic(entry, toQuestion(questionSchema(entry.diagnostic).parse({ limit, ...query })));
}

let asked = 0;

export async function askMeasured(id: string, query: Record<string, string> = {}): Promise<Measured> {
  const result = await ask(id, query);
  if (result.state !== 'measured') throw new Error(`${id} ${JSON.stringify(query)}: ${result.reason.says}`);
  return result;
}
