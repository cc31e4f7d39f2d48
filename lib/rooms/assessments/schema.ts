import { z } from 'zod';
import codes from 'i18n-iso-countries/codes.json';
import { moment, storableText, wholeNumber } from '@/lib/kit/param';
import { levelOf, riskLevels, sorts, statuses, type FilterName, type RiskLevel } from './values';

export * from './values';

/** ISO 3166-1 alpha-2. */
export const countryCodes: readonly string[] = codes.map(([alpha2]) => alpha2 ?? '').toSorted();
const knownCountries = new Set(countryCodes);

const hasTwoDecimals = (value: number): boolean => Math.round(value * 100) / 100 === value;

/** 0–1 with at most two decimals; more is refused, because rounding would change what was sent. */
const fraction = z.number('must be a number from 0 to 1').min(0, 'must be at least 0').max(1, 'must be at most 1').refine(hasTwoDecimals, 'must have at most two decimals');

const filled = (most: number) => storableText(most).refine((text) => text.trim() !== '', 'must not be empty');
const optionalText = (most: number) => storableText(most).nullable();
const uuid = z.guid('must be a UUID').toLowerCase();
const country = z.string().refine((code) => knownCountries.has(code), 'must be an ISO 3166 alpha-2 code such as DE');
const months = z.number('must be a whole number of months').int('must be a whole number of months').min(1, 'must be at least 1').max(120, 'must be at most 120');
const instant = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time such as 2026-01-31T12:00:00Z' }).pipe(moment);

const mostChildren = 200;

/** As it is sent, a child may keep its id, so that what was read can be sent back. */
const child = z.strictObject({ id: uuid.optional() });

const children = <S extends z.ZodType<{ id?: string | undefined }>>(one: S) =>
  z
    .array(one)
    .max(mostChildren, `must have at most ${mostChildren} entries`)
    .refine((list) => {
      const ids = list.flatMap(({ id }) => id ?? []);
      return new Set(ids).size === ids.length;
    }, 'must not repeat an id');

const childLists = {
  factors: children(child.extend({ category: filled(100), name: filled(255), score: fraction, weight: fraction, description: optionalText(2000).optional() })),
  predictions: children(child.extend({ horizonMonths: months, predictedScore: fraction, confidence: fraction, modelUsed: filled(100), createdAt: instant.optional() })),
  complianceChecks: children(child.extend({ checkType: filled(100), status: filled(50), result: optionalText(2000).optional(), checkedAt: instant.optional() })),
};

const fields = {
  userId: uuid,
  businessName: filled(255),
  businessAddress: optionalText(2000),
  industry: optionalText(100),
  country: country.nullable(),
  riskScore: fraction,
  riskLevel: z.enum(riskLevels).describe('Derived from the score; when sent, it must agree'),
  status: z.enum(statuses),
  ...childLists,
};

const levelAgrees = ({ riskScore, riskLevel }: { riskScore?: number | undefined; riskLevel?: RiskLevel | undefined }): boolean =>
  riskLevel === undefined || riskScore === undefined || riskLevel === levelOf(riskScore);
const disagrees = { path: ['riskLevel'], error: 'does not agree with riskScore: leave it out, it is derived' };

export const newAssessmentSchema = z
  .strictObject({ ...fields, status: fields.status.default('pending') })
  .partial({ userId: true, businessAddress: true, industry: true, country: true, riskLevel: true, factors: true, predictions: true, complianceChecks: true })
  .refine(levelAgrees, disagrees);

export const batchLimit = 5000;
export const batchSchema = z.strictObject({ items: z.array(newAssessmentSchema).min(1, 'must have at least one assessment').max(batchLimit, `must have at most ${batchLimit} assessments`) });

const version = z.int32().min(1);

/** What is absent stays as it is; a child list, when present, replaces the whole. */
export const assessmentChangeSchema = z
  .strictObject({ ...fields })
  .partial()
  .extend({ version })
  .refine(levelAgrees, disagrees)
  .refine((change) => Object.entries(change).some(([key, value]) => key !== 'version' && value !== undefined), 'must change something beside version');

export const idParams = z.strictObject({ id: uuid });
export const deleteQuery = z.strictObject({ version: wholeNumber(1, 2 ** 31 - 1) });

/** A filter that may be repeated: any of its values. */
const anyOf = <T extends string>(one: z.ZodType<T, string>) => z.union([one.transform((value) => [value]), z.array(one).min(1).max(50)]).optional();
const scoreText = z.string().regex(/^(0(\.\d{1,2})?|1(\.0{1,2})?)$/, 'must be a number from 0 to 1 with at most two decimals').transform(Number);

const filters = {
  q: storableText(255).optional().describe('A part of the name, in any case'),
  status: anyOf(z.enum(statuses)),
  riskLevel: anyOf(z.enum(riskLevels)),
  industry: anyOf(storableText(100)),
  country: anyOf(country),
  userId: anyOf(uuid),
  minScore: scoreText.optional(),
  maxScore: scoreText.optional(),
  createdFrom: moment.optional().describe('Inclusive'),
  createdTo: moment.optional().describe('Exclusive'),
} satisfies Record<FilterName, z.ZodType>;

export const filterQuery = z.strictObject(filters);
export const listQuery = filterQuery.extend({
  limit: wholeNumber(1, 200).default(50),
  sort: z.enum(sorts, `must be one of ${sorts.join(', ')}`).default('-createdAt'),
  cursor: z.string().max(1000).optional(),
  include: z.enum(['archive']).optional().describe('`archive`: what was archived too, where the table has an archive'),
});

const time = z.string().describe('ISO 8601, UTC');

const itemShape = {
  id: z.guid(),
  userId: z.guid(),
  businessName: z.string(),
  businessAddress: z.string().nullable(),
  industry: z.string().nullable(),
  country: z.string().nullable(),
  riskScore: z.number(),
  riskLevel: z.enum(riskLevels),
  status: z.enum(statuses),
  version: z.number().int(),
  createdAt: time,
  updatedAt: time,
};

export const assessmentItemSchema = z.object(itemShape);

export const assessmentSchema = z.object({
  ...itemShape,
  factors: z.array(z.object({ id: z.guid(), category: z.string(), name: z.string(), score: z.number(), weight: z.number(), description: z.string().nullable() })),
  predictions: z.array(z.object({ id: z.guid(), horizonMonths: z.number().int(), predictedScore: z.number(), confidence: z.number(), modelUsed: z.string(), createdAt: time })),
  complianceChecks: z.array(z.object({ id: z.guid(), checkType: z.string(), status: z.string(), result: z.string().nullable(), checkedAt: time })),
});

export const totalSchema = z.object({ value: z.number().int(), exact: z.boolean().describe('Counted, or estimated from the planner’s statistics') });

export const listSchema = z.object({ items: z.array(assessmentItemSchema), nextCursor: z.string().nullable(), prevCursor: z.string().nullable(), total: totalSchema });

const count = z.number().int();

export const statsSchema = z.object({
  total: totalSchema,
  sampled: z.number().nullable().describe('The share of the rows that was read, scaled up; null where all were'),
  byLevel: z.array(z.object({ riskLevel: z.enum(riskLevels), count })),
  byStatus: z.array(z.object({ status: z.enum(statuses), count })),
  byMonth: z.array(z.object({ month: z.string().describe('2026-01, in UTC'), count })),
  byScore: z.array(z.object({ from: z.number().describe('Inclusive; the interval is 0.05 wide'), count })),
  byIndustry: z.array(z.object({ industry: z.string().nullable(), count })).describe('The fifty most frequent'),
  byCountry: z.array(z.object({ country: z.string().nullable(), count })).describe('The fifty most frequent'),
});

export type NewAssessment = z.infer<typeof newAssessmentSchema>;
export type AssessmentChange = z.infer<typeof assessmentChangeSchema>;
export type Filters = z.infer<typeof filterQuery>;
export type ListQuery = z.infer<typeof listQuery>;
export type AssessmentItem = z.infer<typeof assessmentItemSchema>;
export type Assessment = z.infer<typeof assessmentSchema>;
export type AssessmentList = z.infer<typeof listSchema>;
export type Total = z.infer<typeof totalSchema>;
export type Stats = z.infer<typeof statsSchema>;
