'use client';

import { useId, useState, type ReactNode } from 'react';
import { ChartNoAxesColumn, Table2 } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { ScrollRegion } from '@/components/ui/scroll-region';
import { format, type Unit } from '@/lib/units';

export type Series = { key: string; label: string; unit: Unit };
export type ChartRow = { label: string; values: (number | null)[] };

type Props = {
  title: string;
  /** What is measured and how, under the title. */
  about?: string | undefined;
  series: Series[];
  rows: ChartRow[];
  labelHeading: string;
  /** Reserved, so that nothing moves when the drawing arrives. */
  height: number;
  empty?: string | undefined;
  children: ReactNode;
};

export const seriesColor = (index: number): string => `var(--chart-${(index % 5) + 1})`;

/** Title, legend, the drawing or its table: every chart has the same frame. */
export function ChartFrame({ title, about, series, rows, labelHeading, height, empty = 'Nothing to draw yet.', children }: Props) {
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  const long = series.some(({ label }) => label.length > longLabel);
  return (
    <figure aria-labelledby={id} className="flex min-w-0 flex-col">
      <figcaption className="flex items-start gap-2 pb-2">
        <div className="min-w-0 grow">
          <p id={id} className="text-sm font-medium">{title}</p>
          {about ? <p className="text-xs text-faint">{about}</p> : null}
        </div>
        {series.length > 1 && !long ? <Legend series={series} /> : null}
        <Button kind="ghost" size="small" icon aria-label={asTable ? `Show ${title} as a chart` : `Show ${title} as a table`} aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? <ChartNoAxesColumn className="size-4" aria-hidden /> : <Table2 className="size-4" aria-hidden />}
        </Button>
      </figcaption>
      {long ? <Legend series={series} long /> : null}
      <div style={{ minHeight: height }} className="min-w-0">
        {rows.length === 0 ? <p className="flex items-center justify-center text-sm text-faint" style={{ height }}>{empty}</p> : asTable ? <ChartTable {...{ title, series, rows, labelHeading }} /> : children}
      </div>
    </figure>
  );
}

/** Beyond this a label is a statement, and has a line of its own. */
const longLabel = 40;

function Legend({ series, long = false }: { series: Series[]; long?: boolean }) {
  return (
    <ul className={long ? 'grid min-w-0 gap-1 pb-3 font-mono text-xs text-muted' : 'flex flex-wrap justify-end gap-x-3 gap-y-1 text-xs text-muted'}>
      {series.map(({ key, label }, index) => (
        <li key={key} className="flex min-w-0 items-center gap-1.5">
          <span className="size-2 shrink-0 rounded-[2px]" style={{ background: seriesColor(index) }} aria-hidden />
          <span className="truncate">{label}</span>
        </li>
      ))}
    </ul>
  );
}

function ChartTable({ title, series, rows, labelHeading }: Pick<Props, 'title' | 'series' | 'rows' | 'labelHeading'>) {
  return (
    <ScrollRegion label={`${title}, table`} className="max-h-80 overflow-auto">
      <table className="w-full text-xs">
        <caption className="sr-only">{title}</caption>
        <thead>
          <tr className="border-b border-line text-left text-faint">
            <th scope="col" className="py-1 pr-3 font-medium">{labelHeading}</th>
            {series.map(({ key, label }) => <th key={key} scope="col" className="py-1 pl-3 text-right font-medium">{label}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={`${row.label}-${index}`} className="border-b border-line last:border-0">
              <th scope="row" className="max-w-64 truncate py-1 pr-3 text-left font-normal" title={row.label}>{row.label}</th>
              {series.map(({ key, unit }, at) => <td key={key} className="numeric py-1 pl-3 text-right whitespace-nowrap">{format(row.values[at], unit)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
