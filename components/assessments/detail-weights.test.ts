import { describe, expect, it } from 'vitest';
import { agrees, weigh } from './detail-weights';

describe('weigh', () => {
  it('adds up without drift', () => {
    const tenth = { score: 0.1, weight: 0.1 };
    expect(weigh(Array.from({ length: 10 }, () => tenth))).toEqual({ contributions: Array.from({ length: 10 }, () => 0.01), sum: 0.1, weights: 1 });
  });

  it('is zero for none', () => expect(weigh([])).toEqual({ contributions: [], sum: 0, weights: 0 }));
});

describe('agrees', () => {
  it.each([[0.4235, 0.42, true], [0.425, 0.42, true], [0.425, 0.43, true], [0.4251, 0.42, false], [0, 0, true], [0.5, 0.6, false]])('%s and %s: %s', (sum, score, answer) => expect(agrees(sum, score)).toBe(answer));
});
