import 'server-only';
import { z } from 'zod';
import { endpoint, type Endpoint } from '@/lib/kit/endpoint';
import { severities } from '@/lib/kit/finding';
import { remedySchema } from '@/lib/kit/job-schema';
import type { DiagnosticResult } from '@/lib/kit/result';
import type { Registered } from './registry';
import { questionSchema, toQuestion } from './question';
import { runDiagnostic, timeLimitOf } from './run-diagnostic';

export const findingSchema = z.object({
  code: z.string(),
  severity: z.enum(severities),
  about: z.string(),
  says: z.string(),
  evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  remedy: remedySchema,
});

export const reasonSchema = z.object({ code: z.string(), says: z.string() });

/** `Cache-Control: no-cache`, as a browser's own reload sends it: an answer of this moment rather than one that others share. */
export const wantsFresh = (request: Request): boolean => /\bno-cache\b/i.test(request.headers.get('cache-control') ?? '');

/** More of them nobody reads, and a page should not wait for. */
const mostFindings = 100;

function readable(result: DiagnosticResult): DiagnosticResult {
  if (result.state === 'unmeasured' || result.findings.length <= mostFindings) return result;
  return { ...result, findings: result.findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity)).slice(0, mostFindings), more_findings: true };
}

/** The endpoint of one diagnostic: `GET /api/<room>/<name>`. */
export function diagnosticEndpoint(entry: Registered): Endpoint {
  const { diagnostic } = entry;
  const row = z.object(Object.fromEntries(Object.entries(diagnostic.row).map(([key, column]) => [key, column.schema.describe(`${column.label} (${column.unit})`)])));
  const measured = z.object({
    state: z.literal('measured'),
    rows: z.array(row),
    truncated: z.boolean(),
    findings: z.array(findingSchema),
    more_findings: z.boolean(),
    sql: z.string().nullable(),
    took_ms: z.number(),
    at: z.string(),
    stats_since: z.string().nullable(),
    context: z.record(z.string(), z.unknown()).nullable(),
    lines: z.array(z.object({ label: z.string(), points: z.array(z.object({ at: z.string(), value: z.number().nullable() })) })).optional(),
  });
  return endpoint({
    method: 'GET',
    path: `/api/${entry.room.name}/${diagnostic.name}`,
    summary: diagnostic.title,
    access: diagnostic.permission,
    query: questionSchema(diagnostic),
    answers: { 200: z.union([measured, z.object({ state: z.literal('unmeasured'), reason: reasonSchema, remedy: remedySchema })]) },
    problems: [404],
    deadlineMs: timeLimitOf(diagnostic) + 6000,
    handle: async ({ query, request }) => ({ json: readable(await runDiagnostic(entry, toQuestion(query), { fresh: wantsFresh(request) })) }),
  });
}
