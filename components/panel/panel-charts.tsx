'use client';

import { BarList } from '@/components/chart/bar-list';
import { overTime } from '@/components/chart/chart-domain';
import { TimeSeries } from '@/components/chart/time-series';
import { classNames } from '@/components/ui/class-names';
import { Timeline } from '@/components/chart/timeline';
import type { Line } from '@/lib/kit/history';
import type { DiagnosticView, Row } from '@/lib/kit/result';
import type { Unit } from '@/lib/units';

/** The charts that a diagnostic declares, over the rows of its table or over time. */
export function PanelCharts({ view, rows, lines }: { view: DiagnosticView; rows: readonly Row[]; lines: readonly Line[] }) {
  if (view.charts.length === 0) return null;
  const columnOf = (key: string) => view.columns.find((column) => column.key === key);
  const headingOf = (key: string) => columnOf(key)?.label ?? key;
  return (
    <div className={classNames('grid gap-x-10 gap-y-6 px-4 py-4', view.charts.length > 1 && 'lg:grid-cols-2')}>
      {view.charts.map((chart) => {
        if (chart.kind === 'timeline') {
          const { lane, value, title } = chart;
          return (
            <div key={title} className="min-w-0 lg:col-span-2">
              <Timeline title={title} rows={rows} keys={chart} headings={{ lane: headingOf(lane), value: headingOf(value) }} unit={columnOf(value)?.unit ?? 'count'} />
            </div>
          );
        }
        const { kind, title, label, values, top } = chart;
        if (kind === 'lines') return <LinesOver key={title} title={title} lines={lines} unit={columnOf(values[0] ?? '')?.unit ?? 'count'} />;
        const unit = columnOf(label)?.unit;
        return (
          <BarList
            key={title}
            title={title}
            rows={rows}
            label={{ key: label, heading: headingOf(label), code: unit === 'sql' || unit === 'code' }}
            series={values.map((key) => ({ key, label: headingOf(key), unit: columnOf(key)?.unit ?? 'count' }))}
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
    <div className="col-span-full">
      <TimeSeries title={title} rows={overTime(lines)} series={series} empty="Nothing has changed in this time." />
    </div>
  );
}
