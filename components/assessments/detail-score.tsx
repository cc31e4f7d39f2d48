import { Card } from '@/components/ui/card';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { formatScore } from '@/lib/units';
import { agrees, weigh } from './detail-weights';
import { ScoreScale } from './score-scale';

/** The score on its scale, and on the same scale what the factors add up to. */
export function ScoreCard({ one }: { one: Assessment }) {
  const { factors, riskScore } = one;
  const { contributions, sum, weights } = weigh(factors);
  const parts = factors.map(({ name }, index) => ({ name, size: contributions[index] ?? 0 })).toSorted((a, b) => b.size - a.size);
  return (
    <Card title="Risk score">
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-[auto_minmax(0,1fr)]">
        <p className="numeric text-[2.75rem] leading-none font-semibold tracking-tight">{formatScore(riskScore)}</p>
        <ScoreScale score={riskScore} parts={parts} />
      </div>
      <p className="mt-4 max-w-prose text-sm text-muted text-pretty">{factors.length === 0 ? 'There are no factors behind this score.' : <Weighed sum={sum} weights={weights} score={riskScore} />}</p>
    </Card>
  );
}

function Weighed({ sum, weights, score }: { sum: number; weights: number; score: number }) {
  const apart = Math.round((sum - score) * 100) / 100;
  const total = weights === 1 ? '' : ` The weights add up to ${formatScore(weights)}, not 1.`;
  if (agrees(sum, score)) return <>The weighted sum of the factors is {formatScore(score)}, which is the score.{total}</>;
  return <>The weighted sum of the factors is {formatScore(sum)}, which is {formatScore(Math.abs(apart))} {apart > 0 ? 'above' : 'below'} the score.{total}</>;
}
