'use client';

import { BarList } from '@/components/chart/bar-list';
import { overTime } from '@/components/chart/chart-domain';
import { TimeSeries } from '@/components/chart/time-series';
import type { Line } from '@/lib/kit/history';
import type { DiagnosticView, Row } from '@/lib/kit/result';
import type { Unit } from '@/lib/units';

/** The charts that a diagnostic declares, over the rows of its table or over time. */
export function PanelCharts({ view, rows, lines }: { view: DiagnosticView; rows: readonly Row[]; lines: readonly Line[] }) {
  if (view.charts.length === 0) return null;
  const columnOf = (key: string) => view.columns.find((column) => column.key === key);
  return (
    <div className="grid gap-x-10 gap-y-6 border-t border-line px-4 py-4 lg:grid-cols-2">
      {view.charts.map(({ kind, title, label, values, top }) => {
        if (kind === 'lines') return <LinesOver key={title} title={title} lines={lines} unit={columnOf(values[0] ?? '')?.unit ?? 'count'} />;
        const heading = columnOf(label);
        return (
          <BarList
            key={title}
            title={title}
            rows={rows}
            label={{ key: label, heading: heading?.label ?? label, code: heading?.unit === 'sql' || heading?.unit === 'code' }}
            series={values.map((key) => ({ key, label: columnOf(key)?.label ?? key, unit: columnOf(key)?.unit ?? 'count' }))}
            top={top}
          />
        );
      })}
    </div>
  );
}

function LinesOver({ title, lines, unit }: { title: string; lines: readonly Line[]; unit: Unit }) {
  const series = lines.map(({ label }, index) => ({ key: String(index), label, unit }));
  return (
    <div className="lg:col-span-2">
      <TimeSeries title={title} rows={overTime(lines)} series={series} empty="Nothing has changed in this time." />
    </div>
  );
}
