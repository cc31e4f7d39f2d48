'use client';

import { BarList } from '@/components/chart/bar-list';
import { Timeline } from '@/components/chart/timeline';
import type { DiagnosticView, Row } from '@/lib/kit/result';

/** The charts that a diagnostic declares, over the rows of its table. */
export function PanelCharts({ view, rows }: { view: DiagnosticView; rows: readonly Row[] }) {
  if (view.charts.length === 0) return null;
  const columnOf = (key: string) => view.columns.find((column) => column.key === key);
  const headingOf = (key: string) => columnOf(key)?.label ?? key;
  return (
    <div className="grid gap-x-10 gap-y-6 border-t border-line px-4 py-4 lg:grid-cols-2">
      {view.charts.map((chart) => {
        if (chart.kind === 'timeline') {
          const { lane, value, title } = chart;
          return (
            <div key={title} className="min-w-0 lg:col-span-2">
              <Timeline title={title} rows={rows} keys={chart} headings={{ lane: headingOf(lane), value: headingOf(value) }} unit={columnOf(value)?.unit ?? 'count'} />
            </div>
          );
        }
        const { title, label, values, top } = chart;
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
