import type { DiagnosticResult, Measured } from '@/lib/kit/result';

/** Asks a diagnostic as the API would, or as the overview does (`judgeOnly`). Imported late: the product reads its settings when it is first used. */
export async function ask(id: string, query: Record<string, string> = {}, judgeOnly = false): Promise<DiagnosticResult> {
  const { diagnostics } = await import('@/lib/run/registry');
  const { questionSchema, toQuestion } = await import('@/lib/run/question');
  const { runDiagnostic } = await import('@/lib/run/run-diagnostic');
  const entry = diagnostics.get(id);
  if (!entry) throw new Error(`${id} is not declared`);
  // Identical questions share an answer for a second; a test that plants and asks again wants another one.
  const limit = String(1 + (asked = (asked + 1) % 900) + 99);
  return runDiagnostic(entry, { ...toQuestion(questionSchema(entry.diagnostic).parse({ limit, ...query })), judgeOnly });
}

let asked = 0;

export async function askMeasured(id: string, query: Record<string, string> = {}): Promise<Measured> {
  const result = await ask(id, query);
  if (result.state !== 'measured') throw new Error(`${id} ${JSON.stringify(query)}: ${result.reason.code}: ${result.reason.says}`);
  return result;
}

/** As `askMeasured`, until it holds. */
export async function eventually(id: string, query: Record<string, string>, holds: (result: Measured) => boolean): Promise<Measured> {
  for (;;) {
    const result = await askMeasured(id, query);
    if (holds(result)) return result;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const codesOf = (result: Measured): string[] => result.findings.map((finding) => finding.code);
