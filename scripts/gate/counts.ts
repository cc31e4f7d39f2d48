import { z } from 'zod';
import type { Finished } from '../processes';

export type Problem = { title: string; says: string };
export type Counts = { passed: number; failed: number; skipped: number; problems: Problem[] };

export const oneFailed = (title: string, says: string): Counts => ({ passed: 0, failed: 1, skipped: 0, problems: [{ title, says }] });
export const onePassed: Counts = { passed: 1, failed: 0, skipped: 0, problems: [] };

export function total(all: readonly Counts[]): Counts {
  const sum = (of: (counts: Counts) => number) => all.reduce((before, counts) => before + of(counts), 0);
  return { passed: sum((c) => c.passed), failed: sum((c) => c.failed), skipped: sum((c) => c.skipped), problems: all.flatMap((c) => c.problems) };
}

/** The last line of a run. */
export function summary({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

// Colours are for a terminal; the summary is read in logs too.
// oxlint-disable-next-line no-control-regex
const plain = (text: string) => text.replace(/\u001B\[[0-9;]*m/g, '');

/** The end of what a program said. */
export const tail = (output: string) => plain(output).trim().split('\n').slice(-28).join('\n');

/**
 * A runner that ran nothing, or that failed beside its tests, has failed: a green line must mean that something was
 * tested. The reason is in what it said then, not in its report.
 */
function strict(title: string, counts: Counts, { code, output }: Finished): Counts {
  if (counts.passed + counts.failed === 0) return total([counts, oneFailed(title, `ran no test\n${tail(output)}`)]);
  if (code !== 0 && counts.failed === 0) return total([counts, oneFailed(title, `ended with code ${code} although no test failed\n${tail(output)}`)]);
  return counts;
}

const lintSchema = z.object({
  number_of_files: z.number(),
  diagnostics: z.array(
    z.object({
      message: z.string(),
      code: z.string().optional(),
      filename: z.string().optional(),
      labels: z.array(z.object({ span: z.object({ line: z.number().optional() }) })).optional(),
    }),
  ),
});

/** oxlint's report. A warning counts as well: nobody reads them twice. */
export function lintCounts(report: unknown): Counts {
  const { number_of_files: files, diagnostics } = lintSchema.parse(report);
  if (files === 0) return oneFailed('lint', 'looked at no file');
  if (diagnostics.length === 0) return onePassed;
  const problems = diagnostics.map(({ message, code, filename, labels }) => ({
    title: `${filename ?? '?'}:${labels?.[0]?.span.line ?? '?'}`,
    says: `${message} ${code ?? ''}`.trim(),
  }));
  return { passed: 0, failed: 1, skipped: 0, problems };
}

const vitestSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() })),
    }),
  ),
});

/** vitest's report. A file that cannot be loaded has no tests in it and counts as one that failed. */
export function vitestCounts(report: unknown, ran: Finished): Counts {
  const { testResults } = vitestSchema.parse(report);
  const counts = testResults.map(({ name, status, message, assertionResults }): Counts => {
    if (assertionResults.length === 0) return status === 'failed' ? oneFailed(name, message ?? 'could not be loaded') : total([]);
    const of = (...states: string[]) => assertionResults.filter((result) => states.includes(result.status));
    const failed = of('failed');
    const problems = failed.map((result) => ({ title: `${name}\n  ${result.fullName}`, says: result.failureMessages?.join('\n') ?? '' }));
    const tests = { passed: of('passed').length, failed: failed.length, skipped: of('skipped', 'pending', 'todo', 'disabled').length, problems };
    return status === 'failed' && failed.length === 0 ? total([tests, oneFailed(name, message ?? 'failed outside its tests')]) : tests;
  });
  return strict('vitest', total(counts), ran);
}

type Suite = { title: string; file?: string | undefined; specs?: Spec[] | undefined; suites?: Suite[] | undefined };
const errorSchema = z.object({ message: z.string().optional() });
const specSchema = z.object({
  title: z.string(),
  file: z.string(),
  line: z.number(),
  tests: z.array(z.object({ status: z.string(), results: z.array(z.object({ errors: z.array(errorSchema).optional() })) })),
});
type Spec = z.infer<typeof specSchema>;
const suiteSchema: z.ZodType<Suite> = z.lazy(() =>
  z.object({ title: z.string(), file: z.string().optional(), specs: z.array(specSchema).optional(), suites: z.array(suiteSchema).optional() }),
);
const playwrightSchema = z.object({ suites: z.array(suiteSchema), errors: z.array(errorSchema).optional() });

const specsOf = (suite: Suite): Spec[] => [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specsOf)];

/** Playwright's report. A flaky test is one that failed. */
export function playwrightCounts(report: unknown, ran: Finished): Counts {
  const { suites, errors = [] } = playwrightSchema.parse(report);
  const outside = errors.map(({ message }) => oneFailed('playwright', plain(message ?? 'failed outside its tests')));
  const counts = suites.flatMap(specsOf).flatMap(({ title, file, line, tests }) =>
    tests.map(({ status, results }): Counts => {
      if (status === 'expected') return onePassed;
      if (status === 'skipped') return { ...onePassed, passed: 0, skipped: 1 };
      const says = results.flatMap((result) => (result.errors ?? []).map(({ message }) => plain(message ?? ''))).join('\n');
      return oneFailed(`e2e/${file}:${line} ${title}`, says);
    }),
  );
  return strict('playwright', total([...counts, ...outside]), ran);
}
