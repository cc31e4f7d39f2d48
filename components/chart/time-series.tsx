'use client';

import dynamic from 'next/dynamic';
import { formatTime } from '@/lib/units';
import type { Datum } from './chart-domain';
import { ChartFrame, type Series } from './chart-frame';

type Props = { title: string; about?: string; /** Points with an ISO time under `at`, oldest first. */ rows: readonly (Datum & { at: string })[]; series: Series[]; height?: number; empty?: string };

const Drawing = dynamic(() => import('./drawing').then((module) => module.LinesDrawing), { ssr: false, loading: () => null });

/** Values over time. A gap in the data is a gap in the line. */
export function TimeSeries({ title, about, rows, series, height = 200, empty }: Props) {
  const points = rows.map((row) => ({ at: row.at, label: formatTime(row.at), values: series.map(({ key }) => numberOf(row[key])) }));
  return (
    <ChartFrame title={title} about={about} series={series} rows={points} labelHeading="Time" height={height} empty={empty}>
      <Drawing title={title} points={points} series={series} height={height} />
    </ChartFrame>
  );
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
