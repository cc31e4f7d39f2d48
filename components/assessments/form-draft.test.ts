import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { newAssessmentSchema, statuses } from '@/lib/rooms/assessments/schema';
import { draftOf, emptyValues, newChild, numberOf, tidyScore, valuesOf } from './form-draft';

describe('a number as it is typed', () => {
  it.each([['0.35', 0.35], ['0,35', 0.35], [' .5 ', 0.5], ['1.', 1], ['-0,1', -0.1], ['12', 12]])('%s is %s', (text, value) => expect(numberOf(text)).toBe(value));
  it.each(['', ' ', 'a', '0.3.5', '1,000,0', '1e-1', '0x1', 'Infinity', '.', '5 %'])('%s is none', (text) => expect(numberOf(text)).toBeNaN());
  it.each([['0,5', '0.50'], ['1', '1.00'], ['0.357', '0.357'], ['x', 'x'], ['', '']])('%s is tidied to %s', (text, tidy) => expect(tidyScore(text)).toBe(tidy));
});

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((value) => value.trim() !== '');
const score = fc.integer({ min: 0, max: 100 }).map((n) => n / 100);
const draft = fc.record({
  businessName: text,
  businessAddress: fc.option(text),
  industry: fc.option(text),
  country: fc.constantFrom('DE', 'JP', null),
  riskScore: score,
  status: fc.constantFrom(...statuses),
  factors: fc.array(fc.record({ category: text, name: text, score, weight: score, description: fc.option(text) }), { maxLength: 3 }),
  predictions: fc.array(fc.record({ horizonMonths: fc.integer({ min: 1, max: 120 }), predictedScore: score, confidence: score, modelUsed: text }), { maxLength: 3 }),
  complianceChecks: fc.array(fc.record({ checkType: text, status: text, result: fc.option(text), checkedAt: fc.constant('2026-01-01T00:00:00.123Z') }), { maxLength: 3 }),
});

describe('a draft in a form', () => {
  it('comes back as it went in, and the API’s own schema takes it', () => {
    fc.assert(
      fc.property(draft, (one) => {
        const back = draftOf(valuesOf(one));
        expect(back).toEqual(one);
        expect(newAssessmentSchema.parse(back)).toEqual(one);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('an empty one is refused field by field, in words', () => {
    const values = { ...emptyValues, factors: [newChild.factors()], predictions: [newChild.predictions()], complianceChecks: [newChild.complianceChecks()] };
    const { error } = newAssessmentSchema.safeParse(draftOf(values));
    expect(error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`)).toEqual([
      'businessName must not be empty',
      'riskScore must be a number from 0 to 1',
      'factors.0.category must not be empty',
      'factors.0.name must not be empty',
      'factors.0.score must be a number from 0 to 1',
      'factors.0.weight must be a number from 0 to 1',
      'predictions.0.horizonMonths must be a whole number of months',
      'predictions.0.predictedScore must be a number from 0 to 1',
      'predictions.0.confidence must be a number from 0 to 1',
      'predictions.0.modelUsed must not be empty',
      'complianceChecks.0.checkType must not be empty',
      'complianceChecks.0.status must not be empty',
    ]);
  });
});
