import { z } from 'zod';
import { storableText } from '@/lib/kit/param';

export { parsePlan, type ParsedPlan } from './plan/parse';
export { findingsOf, type TableFacts } from './plan/findings';
export { planCodes, type PlanFinding } from './plan/finding';
export { misestimateStep } from './plan/estimates';
export { comparePlans, type ComparedNode } from './plan/compare';
export { planText } from './plan/text';
export type { Actual, Plan, PlanNode } from './plan/node';

/** What `POST /api/plans/explain` takes. */
export const explainBody = z.strictObject({
  target: z.string().max(60).default('main'),
  sql: storableText(100_000).refine((text) => text.trim() !== '', 'must not be empty'),
  /** One text a parameter, as PostgreSQL would read it; null is NULL. Without them the plan is the generic one. */
  values: z.array(storableText(10_000).nullable()).max(200).optional(),
  analyze: z.boolean().default(false),
});

export type ExplainBody = z.input<typeof explainBody>;

export const explainAnswer = z.union([
  z.object({
    state: z.literal('explained'),
    /** EXPLAIN's JSON, as text: an id in it does not fit a JavaScript number. */
    json: z.string(),
    generic: z.boolean(),
    analyzed: z.boolean(),
    version: z.string(),
    tables: z.array(z.object({ schema: z.string(), name: z.string(), rows: z.number().nullable(), bytes: z.number() })),
    notes: z.array(z.string()),
  }),
  z.object({ state: z.literal('refused'), reason: z.object({ code: z.string(), says: z.string() }), remedy: z.object({ sql: z.string() }).nullable() }),
]);

export type ExplainAnswer = z.infer<typeof explainAnswer>;
