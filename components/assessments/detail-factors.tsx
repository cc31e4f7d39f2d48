'use client';

import { share } from '@/components/chart/chart-domain';
import { DataTable } from '@/components/table/data-table';
import { Card } from '@/components/ui/card';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { formatScore } from '@/lib/units';
import { detailColumn, ListTitle, longText, NoneOf } from './detail-table';
import { weigh } from './detail-weights';

type Factor = Assessment['factors'][number] & { contribution: number };

const columns = [
  detailColumn('name', 'Factor', 'text'),
  detailColumn('category', 'Category', 'text'),
  detailColumn('score', 'Score', 'score'),
  detailColumn('weight', 'Weight', 'score'),
  detailColumn('contribution', 'Contribution', 'score', 'Score times weight'),
  detailColumn('description', 'Description', 'text'),
];

/** What the score is made of, the largest contribution first. */
export function FactorsCard({ factors }: { factors: Assessment['factors'] }) {
  const { contributions, sum, weights } = weigh(factors);
  const rows = factors.map((factor, index): Factor => ({ ...factor, contribution: contributions[index] ?? 0 }));
  const most = Math.max(0, ...contributions);
  if (rows.length === 0) return <NoneOf title="Factors">No factors.</NoneOf>;
  return (
    <Card flush>
      <DataTable<Factor>
        caption="Factors"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        sort="-contribution"
        csvName="factors"
        toolbar={<ListTitle title="Factors" count={rows.length}>Weights {formatScore(weights)}, weighted sum {formatScore(sum)}</ListTitle>}
        renderCell={{
          name: ({ name }) => <span className="font-medium">{name}</span>,
          contribution: ({ contribution }) => <Contribution value={contribution} most={most} />,
          description: ({ description }) => longText(description),
        }}
      />
    </Card>
  );
}

function Contribution({ value, most }: { value: number; most: number }) {
  return (
    <span className="inline-flex items-center gap-2.5 sm:flex-row-reverse">
      <span className="font-medium" title={value.toFixed(4)}>{formatScore(value)}</span>
      <span className="flex h-1.5 w-24 justify-start overflow-hidden rounded-[2px] bg-hover max-lg:w-14" aria-hidden>
        <span className="bg-accent opacity-70" style={{ width: `${share(value, most)}%` }} />
      </span>
    </span>
  );
}
