'use client';

import { BarList } from '@/components/chart/bar-list';
import { classNames } from '@/components/ui/class-names';
import type { DiagnosticView, Row } from '@/lib/kit/result';

/** The charts that a diagnostic declares, over the rows of its table. */
export function PanelCharts({ view, rows }: { view: DiagnosticView; rows: readonly Row[] }) {
  if (view.charts.length === 0) return null;
  const columnOf = (key: string) => view.columns.find((column) => column.key === key);
  return (
    <div className={classNames('grid gap-x-10 gap-y-6 px-4 py-4', view.charts.length > 1 && 'lg:grid-cols-2')}>
      {view.charts.map(({ title, label, values, top }) => {
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
