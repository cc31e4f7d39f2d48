import type { ReactNode } from 'react';
import { Card } from '@/components/ui/card';
import type { ColumnView } from '@/lib/kit/column';
import type { Unit } from '@/lib/units';

export const detailColumn = (key: string, label: string, unit: Unit, note?: string): ColumnView => ({ key, label, unit, nullable: true, ...(note === undefined ? {} : { note }) });

/** The heading of a list, at the left of its table's bar. */
export function ListTitle({ title, count, children }: { title: string; count: number; children?: ReactNode }) {
  return (
    <>
      <h2 className="text-base font-semibold tracking-tight">{title}</h2>
      <span className="numeric text-xs text-faint">{count}</span>
      {children ? <p className="numeric ml-2 text-xs text-muted">{children}</p> : null}
    </>
  );
}

/** A list that has nothing in it. */
export function NoneOf({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card title={title}>
      <p className="text-sm text-faint">{children}</p>
    </Card>
  );
}

/** Text of several lines in a cell. Null is left to the table. */
export const longText = (text: string | null): ReactNode => (text === null ? null : <span className="block max-w-prose whitespace-pre-line text-muted sm:py-1.5 [overflow-wrap:anywhere]">{text}</span>);
