import { describe, expect, it } from 'vitest';
import { changeOf, differences, firstChoices, merge, type Choices } from './conflict-merge';
import { draftFrom, type Draft } from './form-draft';

const base: Draft = {
  userId: 'u1',
  businessName: 'Alder Works',
  businessAddress: null,
  industry: 'Retail',
  country: 'DE',
  riskScore: 0.4,
  status: 'pending',
  factors: [
    { id: 'f1', category: 'financial', name: 'Liquidity', score: 0.4, weight: 0.5, description: null },
    { id: 'f2', category: 'market', name: 'Currency', score: 0.3, weight: 0.5, description: 'Hedged' },
  ],
  predictions: [{ id: 'p1', horizonMonths: 6, predictedScore: 0.5, confidence: 0.8, modelUsed: 'm', createdAt: '2026-01-01T00:00:00.000Z' }],
  complianceChecks: [{ id: 'c1', checkType: 'KYC', status: 'passed', result: null, checkedAt: '2026-01-01T00:00:00.000Z' }],
};

const [liquidity, currency] = [base.factors.slice(0, 1), base.factors.slice(1)];
const told = (found: ReturnType<typeof differences>) => found.map(({ key, by, mine, theirs }) => [key, by, mine, theirs]);

describe('differences', () => {
  it('are none between equals, whatever the order of children', () => {
    expect(differences(base, base, structuredClone(base))).toEqual([]);
    expect(differences(base, base, { ...base, factors: base.factors.toReversed() })).toEqual([]);
  });

  it('say who moved', () => {
    const mine = { ...base, businessName: 'Alder', riskScore: 0.6, country: 'FR' };
    const theirs = { ...base, industry: null, riskScore: 0.7, country: 'FR', userId: 'u2' };
    expect(told(differences(base, mine, theirs))).toEqual([
      ['businessName', 'mine', 'Alder', 'Alder Works'],
      ['industry', 'theirs', 'Retail', '–'],
      ['riskScore', 'both', '0.60', '0.70'],
      ['userId', 'theirs', 'u1', 'u2'],
    ]);
  });

  it('name a country', () => {
    expect(told(differences(base, { ...base, country: 'FR' }, base))).toEqual([['country', 'mine', 'France', 'Germany']]);
  });

  it('of a child that both have are part by part', () => {
    const mine = { ...base, factors: [{ ...liquidity[0], weight: 0.6 }, ...currency] as Draft['factors'] };
    const theirs = { ...base, factors: [{ ...liquidity[0], weight: 0.7, description: 'Cash' }, ...currency] as Draft['factors'] };
    expect(told(differences(base, mine, theirs))).toEqual([
      ['factors/f1/weight', 'both', '0.60', '0.70'],
      ['factors/f1/description', 'theirs', '–', 'Cash'],
    ]);
  });

  it('of a child that one of them lacks are whole', () => {
    const added = { category: 'cyber', name: 'Breach', score: 0.9, weight: 0.1, description: null };
    const mine = { ...base, factors: [...liquidity, added], complianceChecks: [] };
    const theirs = { ...base, predictions: [], complianceChecks: [...base.complianceChecks, { id: 'c2', checkType: 'AML', status: 'failed', result: null }] };
    expect(told(differences(base, mine, theirs))).toEqual([
      ['factors/new 1', 'mine', 'category cyber, score 0.90, weight 0.10', null],
      ['factors/f2', 'mine', null, 'category market, score 0.30, weight 0.50, description Hedged'],
      ['predictions/p1', 'theirs', 'score 0.50, confidence 0.80, model m', null],
      ['complianceChecks/c1', 'mine', null, 'status passed, checked 1 Jan 2026, 00:00:00 UTC'],
      ['complianceChecks/c2', 'theirs', null, 'status failed'],
    ]);
  });

  it('belong to both where one removed what the other changed', () => {
    const changed = { ...base, predictions: base.predictions.map((one) => ({ ...one, confidence: 0.1 })) };
    const removed = { ...base, predictions: [] };
    expect(differences(base, changed, removed)).toMatchObject([{ key: 'predictions/p1', by: 'both' }]);
    expect(differences(base, removed, changed)).toMatchObject([{ key: 'predictions/p1', by: 'both' }]);
  });
});

describe('merge', () => {
  const mine: Draft = { ...base, businessName: 'Mine', riskScore: 0.6, factors: [{ ...liquidity[0], weight: 0.1 } as Draft['factors'][number], { category: 'cyber', name: 'New', score: 0, weight: 0, description: null }] };
  const theirs: Draft = { ...base, industry: 'Energy', riskScore: 0.7, factors: [{ ...liquidity[0], score: 0.9 } as Draft['factors'][number], ...currency, { id: 'f3', category: 'x', name: 'Theirs', score: 1, weight: 0, description: null }] };
  const found = differences(base, mine, theirs);
  const all = (side: 'mine' | 'theirs'): Choices => Object.fromEntries(found.map(({ key }) => [key, side]));

  it('with the first choices keeps what each of them alone changed', () => {
    const choices = firstChoices(found);
    expect(choices).not.toHaveProperty('riskScore');
    const merged = merge(mine, theirs, { ...choices, riskScore: 'theirs' });
    expect(merged).toMatchObject({ businessName: 'Mine', industry: 'Energy', riskScore: 0.7 });
    expect(merged.factors).toEqual([
      { ...liquidity[0], weight: 0.1, score: 0.9 },
      { category: 'cyber', name: 'New', score: 0, weight: 0, description: null },
      { id: 'f3', category: 'x', name: 'Theirs', score: 1, weight: 0, description: null },
    ]);
  });

  it('is theirs where theirs is taken everywhere, and mine where mine is kept', () => {
    expect(differences(base, merge(mine, theirs, all('theirs')), theirs)).toEqual([]);
    expect(merge(mine, theirs, all('mine'))).toEqual(mine);
  });

  it('loses no time of a child', () => {
    expect(merge(mine, theirs, all('mine')).predictions[0]?.createdAt).toBe('2026-01-01T00:00:00.000Z');
  });
});

describe('changeOf', () => {
  it('is nothing between equals', () => expect(changeOf(base, structuredClone(base))).toEqual({}));

  it('is the field, or the whole list with the ids of those that stay', () => {
    const to = { ...base, industry: null, factors: currency };
    expect(changeOf(base, to)).toEqual({ industry: null, factors: currency });
  });

  it('takes an assessment for its own draft', () => {
    const assessment = { ...base, id: 'a', userId: 'u1', riskLevel: 'medium' as const, version: 1, createdAt: '', updatedAt: '', factors: [], predictions: [], complianceChecks: [] };
    expect(changeOf(draftFrom(assessment), { ...base, factors: [], predictions: [], complianceChecks: [] })).toEqual({});
  });
});
