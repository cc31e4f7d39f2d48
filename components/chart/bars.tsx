'use client';

import dynamic from 'next/dynamic';
import type { Datum } from './chart-domain';
import { ChartFrame, type Series } from './chart-frame';

type Props = { title: string; about?: string; rows: readonly Datum[]; label: { key: string; heading: string }; series: Series[]; height?: number; empty?: string; /** A colour for each bar, by its label. */ colors?: Record<string, string> };

const Drawing = dynamic(() => import('./drawing').then((module) => module.BarsDrawing), { ssr: false, loading: () => null });

/** Upright bars in the order given: distributions and calendars. More than one series is stacked. */
export function Bars({ title, about, rows, label, series, height = 200, empty, colors }: Props) {
  const points = rows.map((row) => ({ label: String(row[label.key] ?? '–'), values: series.map(({ key }) => numberOf(row[key])) }));
  const blank = points.every((point) => point.values.every((value) => !value));
  return (
    <ChartFrame title={title} about={about} series={series} rows={blank ? [] : points} labelHeading={label.heading} height={height} empty={empty}>
      <Drawing title={title} points={points} series={series} height={height} colors={colors} />
    </ChartFrame>
  );
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
