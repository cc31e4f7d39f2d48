'use client';

import { Bars } from '@/components/chart/bars';
import { DataTable } from '@/components/table/data-table';
import { Card } from '@/components/ui/card';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { levelOf } from '@/lib/rooms/assessments/values';
import { detailColumn, ListTitle, NoneOf } from './detail-table';

type Prediction = Assessment['predictions'][number];

const columns = [
  detailColumn('horizonMonths', 'Ahead', 'count'),
  detailColumn('predictedScore', 'Score', 'score'),
  detailColumn('confidence', 'Confidence', 'score'),
  detailColumn('modelUsed', 'Model', 'code'),
  detailColumn('createdAt', 'Made', 'time'),
];

const inMonths = (months: number): string => `${months} ${months === 1 ? 'month' : 'months'}`;

/** Today's score and then the predicted ones, nearest first. Of one horizon there can be several, which their models tell apart. */
function bars(score: number, predictions: readonly Prediction[]) {
  const sorted = predictions.toSorted((a, b) => a.horizonMonths - b.horizonMonths);
  const alone = (months: number) => predictions.filter(({ horizonMonths }) => horizonMonths === months).length === 1;
  const later = sorted.map(({ horizonMonths, predictedScore, modelUsed }) => ({ label: `${inMonths(horizonMonths)}${alone(horizonMonths) ? '' : ` ${modelUsed}`}`, score: predictedScore }));
  return [{ label: 'Now', score }, ...later];
}

export function PredictionsCard({ score, predictions }: { score: number; predictions: Assessment['predictions'] }) {
  const rows = bars(score, predictions);
  if (predictions.length === 0) return <NoneOf title="Predictions">No predictions.</NoneOf>;
  return (
    <Card flush>
      <DataTable<Prediction>
        caption="Predictions"
        columns={columns}
        rows={predictions}
        rowKey={({ id }) => id}
        sort="horizonMonths"
        csvName="predictions"
        toolbar={<ListTitle title="Predictions" count={predictions.length} />}
        renderCell={{
          horizonMonths: ({ horizonMonths }) => inMonths(horizonMonths),
          modelUsed: ({ modelUsed }) => <span className="font-mono text-xs xl:whitespace-nowrap">{modelUsed}</span>,
        }}
      />
      <div className="border-t border-line px-4 pt-3 pb-2">
        <Bars
          title="Score now and as predicted"
          rows={rows}
          label={{ key: 'label', heading: 'When' }}
          series={[{ key: 'score', label: 'Score', unit: 'score' }]}
          height={140}
          colors={Object.fromEntries(rows.map((row) => [row.label, `var(--level-${levelOf(row.score)})`]))}
        />
      </div>
    </Card>
  );
}
