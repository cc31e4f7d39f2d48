type Weighted = { score: number; weight: number };

export type Weighing = { /** Score times weight, in the order of the factors. */ contributions: number[]; sum: number; weights: number };

const hundredths = (value: number): number => Math.round(value * 100);

/** What the factors add up to. Counted in whole ten-thousandths: sums of decimals would drift. */
export function weigh(factors: readonly Weighted[]): Weighing {
  const parts = factors.map(({ score, weight }) => hundredths(score) * hundredths(weight));
  return {
    contributions: parts.map((part) => part / 10_000),
    sum: parts.reduce((sum, part) => sum + part, 0) / 10_000,
    weights: factors.reduce((sum, { weight }) => sum + hundredths(weight), 0) / 100,
  };
}

/** Equal to two decimals, a tie in either direction. */
export const agrees = (sum: number, score: number): boolean => Math.abs(Math.round(sum * 10_000) - Math.round(score * 10_000)) <= 50;
