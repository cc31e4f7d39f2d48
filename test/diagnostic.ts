import type { DiagnosticResult, Measured } from '@/lib/kit/result';

/** Asks one diagnostic as its endpoint does. The engine is loaded only now: what it reads of the environment is set by then. */
export async function ask(id: string, query: Record<string, string> = {}): Promise<DiagnosticResult> {
  const { diagnostics } = await import('@/lib/run/registry');
  const { questionSchema, runDiagnostic, toQuestion } = await import('@/lib/run/run-diagnostic');
  const entry = diagnostics.get(id);
  if (!entry) throw new Error(`${id} is not declared`);
  return runDiagnostic(entry, toQuestion(questionSchema(entry.diagnostic).parse(query)));
}

export async function measured(id: string, query: Record<string, string> = {}): Promise<Measured> {
  const result = await ask(id, query);
  if (result.state !== 'measured') throw new Error(`${id}: ${result.reason.code}: ${result.reason.says}`);
  return result;
}

let round = 0;

/** As `measured`, until it holds: identical questions share an answer for a second, so each asks for another number of rows. */
export async function eventually(id: string, query: Record<string, string>, holds: (result: Measured) => boolean): Promise<Measured> {
  for (;;) {
    const result = await measured(id, { ...query, limit: String(1000 - ((round += 1) % 500)) });
    if (holds(result)) return result;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const codesOf = (result: Measured): string[] => result.findings.map((finding) => finding.code);
