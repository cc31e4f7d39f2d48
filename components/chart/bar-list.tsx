'use client';

import type { CSSProperties } from 'react';
import { classNames } from '@/components/ui/class-names';
import { format } from '@/lib/units';
import { share, summary, topBars, type Datum } from './chart-domain';
import { ChartFrame, seriesColor, type Series } from './chart-frame';

type Props = {
  title: string;
  about?: string;
  rows: readonly Datum[];
  /** Key and heading of the bars' labels. */
  label: { key: string; heading: string; code?: boolean };
  /** More than one are stacked. */
  series: Series[];
  top?: number;
  empty?: string;
  /** The order given means something: it stays. */
  keepOrder?: boolean;
  /** A colour for each bar of a single series, by its label. */
  colors?: Record<string, string>;
};

const rowHeight = 30;

/** Horizontal bars, the longest first: for things with long names. Drawn with the page itself, without a library. */
export function BarList({ title, about, rows, label, series, top = 10, empty, keepOrder = false, colors = {} }: Props) {
  // A bar of nothing tells nothing; in a given order it has its place all the same.
  const drawn = keepOrder ? rows : rows.filter((row) => series.some(({ key }) => typeof row[key] === 'number' && row[key] > 0));
  const { bars, rest } = topBars(drawn, label.key, series.map(({ key }) => key), top, keepOrder);
  const [first] = series;
  const unit = first?.unit ?? 'count';
  const max = Math.max(0, ...bars.map((bar) => bar.total));
  const parts = (bar: (typeof bars)[number]) => bar.values.map((value) => format(value, unit)).join(' · ');
  // Every line has the same room for its figures, so that the bars begin and end alike.
  const figures = { height: rowHeight, '--figures': `calc(${Math.max(8, ...bars.map((bar) => parts(bar).length))} * 0.58em)` } as CSSProperties;
  const note = [about, rest > 0 ? `The first ${bars.length} of ${bars.length + rest}.` : ''].filter(Boolean).join(' ');
  return (
    <ChartFrame title={title} about={note || undefined} series={series} rows={bars} labelHeading={label.heading} height={Math.max(bars.length, 2) * rowHeight} empty={empty ?? (rows.length > 0 ? 'Nothing but zeros.' : undefined)}>
      <ol aria-label={summary(title, bars, unit)} className="flex flex-col">
        {bars.map((bar, index) => (
          <li key={`${bar.label}-${index}`} className={classNames('grid grid-cols-[minmax(0,1fr)_4.75rem] items-center gap-x-3 text-xs', series.length > 1 && 'sm:grid-cols-[minmax(0,1fr)_var(--figures)]')} style={figures}>
            <div className="relative min-w-0">
              <p className={classNames('truncate leading-4 text-muted', label.code && 'font-mono text-2xs')} title={bar.label}>{bar.label}</p>
              <div className="mt-0.5 flex h-1.5 gap-px overflow-hidden rounded-[2px] bg-hover" aria-hidden>
                {bar.values.map((value, at) => (
                  <span key={series[at]?.key ?? at} style={{ width: `${share(value, max)}%`, background: colors[bar.label] ?? seriesColor(at) }} title={`${series[at]?.label}: ${format(value, unit)}`} />
                ))}
              </div>
            </div>
            <span className="numeric self-end pb-0.5 text-right font-medium whitespace-nowrap">
              {series.length > 1 ? <span className="max-sm:hidden">{parts(bar)}</span> : null}
              <span className={classNames(series.length > 1 && 'sm:hidden')}>{format(bar.total, unit)}</span>
            </span>
          </li>
        ))}
      </ol>
    </ChartFrame>
  );
}
