import type { Assessment } from '@/lib/rooms/assessments/schema';
import type { Status } from '@/lib/rooms/assessments/values';
import { formatScore } from '@/lib/units';

/** What a person can change of an assessment, as the API takes it. A child without an id is a new one. */
export type Draft = {
  /** Not in the form: kept as it is, and in sight where somebody else changed it. */
  userId?: string | undefined;
  businessName: string;
  businessAddress: string | null;
  industry: string | null;
  country: string | null;
  riskScore: number;
  status: Status;
  factors: { id?: string | undefined; category: string; name: string; score: number; weight: number; description: string | null }[];
  predictions: { id?: string | undefined; horizonMonths: number; predictedScore: number; confidence: number; modelUsed: string; createdAt?: string | undefined }[];
  complianceChecks: { id?: string | undefined; checkType: string; status: string; result: string | null; checkedAt?: string | undefined }[];
};

export const listNames = ['factors', 'predictions', 'complianceChecks'] as const;
export type ListName = (typeof listNames)[number];

type Typed<T> = { [K in keyof T]: T[K] extends number | string | null ? (T[K] extends Status ? T[K] : string) : T[K] extends (infer C)[] ? Typed<C>[] : T[K] };

/** The same as it stands in the fields: text, also where it means a number or nothing. */
export type FormValues = Typed<Draft>;

export const emptyValues: FormValues = { businessName: '', businessAddress: '', industry: '', country: '', riskScore: '', status: 'pending', factors: [], predictions: [], complianceChecks: [] };

export const newChild = {
  factors: (): FormValues['factors'][number] => ({ category: '', name: '', score: '', weight: '', description: '' }),
  predictions: (): FormValues['predictions'][number] => ({ horizonMonths: '', predictedScore: '', confidence: '', modelUsed: '' }),
  complianceChecks: (): FormValues['complianceChecks'][number] => ({ checkType: '', status: '', result: '', checkedAt: undefined }),
};

/** A number as people type it, with a point or a comma. What is none is NaN, which the schema refuses in words. */
export function numberOf(text: string): number {
  const plain = text.trim().replace(',', '.');
  return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(plain) ? Number(plain) : Number.NaN;
}

/** `0,5` as `0.50`. What would lose something stays as it was typed. */
export function tidyScore(text: string): string {
  const tidy = formatScore(numberOf(text));
  return Number(tidy) === numberOf(text) ? tidy : text;
}

const orNothing = (text: string): string | null => (text === '' ? null : text);

export function draftOf(values: FormValues): Draft {
  const { userId, businessName, status } = values;
  return {
    ...(userId === undefined ? {} : { userId }),
    businessName,
    businessAddress: orNothing(values.businessAddress),
    industry: orNothing(values.industry),
    country: orNothing(values.country),
    riskScore: numberOf(values.riskScore),
    status,
    factors: values.factors.map((one) => ({ ...one, score: numberOf(one.score), weight: numberOf(one.weight), description: orNothing(one.description) })),
    predictions: values.predictions.map((one) => ({ ...one, horizonMonths: numberOf(one.horizonMonths), predictedScore: numberOf(one.predictedScore), confidence: numberOf(one.confidence) })),
    complianceChecks: values.complianceChecks.map((one) => ({ ...one, result: orNothing(one.result) })),
  };
}

/** Only what a form holds: an assessment has more. */
export function valuesOf({ userId, businessName, status, ...draft }: Draft): FormValues {
  return {
    userId,
    businessName,
    businessAddress: draft.businessAddress ?? '',
    industry: draft.industry ?? '',
    country: draft.country ?? '',
    riskScore: formatScore(draft.riskScore),
    status,
    factors: draft.factors.map((one) => ({ ...one, score: formatScore(one.score), weight: formatScore(one.weight), description: one.description ?? '' })),
    predictions: draft.predictions.map((one) => ({ ...one, horizonMonths: String(one.horizonMonths), predictedScore: formatScore(one.predictedScore), confidence: formatScore(one.confidence) })),
    complianceChecks: draft.complianceChecks.map((one) => ({ ...one, result: one.result ?? '' })),
  };
}

/** An assessment as its form would send it back untouched. */
export const draftFrom = (assessment: Assessment): Draft => draftOf(valuesOf(assessment));
