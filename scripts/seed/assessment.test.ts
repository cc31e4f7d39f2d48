import { expect, test } from 'vitest';
import { levelOf } from '@/lib/rooms/assessments/values';
import { generateAssessments, type SeedAssessment } from './assessment';

const options = { seed: 1, count: 3000, months: 14, now: new Date('2026-03-01T00:30:00Z'), userWeights: [5, 3, 1] };
const all = [...generateAssessments(options)];

const share = (matches: (one: SeedAssessment) => boolean) => all.filter(matches).length / all.length;
const hundredths = (value: number) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-9 && value >= 0 && value <= 1;

test('the same seed gives the same assessments, another seed others', () => {
  expect([...generateAssessments(options)]).toEqual(all);
  const [other] = generateAssessments({ ...options, seed: 2 });
  expect(other).not.toEqual(all[0]);
});

test('every value is one that the tables take', () => {
  for (const one of all) {
    expect(hundredths(one.riskScore)).toBe(true);
    expect(one.riskLevel).toBe(levelOf(one.riskScore));
    expect(one.factors.length).toBeGreaterThanOrEqual(3);
    expect(one.factors.length).toBeLessThanOrEqual(8);
    expect(one.checks.length).toBeGreaterThanOrEqual(2);
    expect(one.factors.every(({ score, weight }) => hundredths(score) && hundredths(weight))).toBe(true);
    expect(Math.round(one.factors.reduce((sum, { weight }) => sum + weight * 100, 0))).toBe(100);
    expect(one.predictions.every(({ confidence, predictedScore }) => hundredths(confidence) && hundredths(predictedScore))).toBe(true);
    expect(one.businessName.length).toBeLessThanOrEqual(255);
  }
});

test('an id is a UUIDv7 of the very millisecond that created_at says, and none comes twice', () => {
  for (const { id, createdAt } of all) {
    expect(id[14]).toBe('7');
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(createdAt);
  }
  const ids = all.flatMap(({ id, factors, predictions, checks }) => [id, ...[...factors, ...predictions, ...checks].map((child) => child.id)]);
  expect(new Set(ids).size).toBe(ids.length);
});

test('they lie in the fourteen months before now, also in the first hour of a month, growing and on weekdays', () => {
  const first = Date.UTC(2025, 1, 1);
  const now = options.now.getTime();
  expect(all.every(({ createdAt, updatedAt }) => createdAt >= first && createdAt < now && updatedAt >= createdAt && updatedAt <= now)).toBe(true);
  expect(share(({ createdAt }) => createdAt > (first + now) / 2)).toBeGreaterThan(0.55);
  expect(share(({ createdAt }) => [0, 6].includes(new Date(createdAt).getUTCDay()))).toBeLessThan(0.12);
});

function mean(industry: string): number {
  const some = all.filter((one) => one.industry === industry);
  return some.reduce((sum, { riskScore }) => sum + riskScore, 0) / some.length;
}

test('industries differ in their scores', () => {
  expect(mean('Cryptocurrency')).toBeGreaterThan(mean('Technology') + 0.2);
  for (const level of ['low', 'medium', 'high', 'critical']) expect(share(({ riskLevel }) => riskLevel === level)).toBeGreaterThan(0.02);
});
