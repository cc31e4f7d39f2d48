'use client';

import { Fragment, type KeyboardEvent, type ReactNode } from 'react';
import Link from 'next/link';
import { ChevronRight, Download } from 'lucide-react';
import { classNames } from '@/components/ui/class-names';
import type { ColumnView } from '@/lib/kit/column';
import { Checkbox } from '@/components/ui/input';
import { isNumeric } from '@/lib/units';
import { Cell, isLong } from './cell';
import type { TableRow } from './table-data';

export type RowOptions<R extends TableRow> = {
  rowKey: (row: R) => string;
  /** Cells of a column's own making, by column key. */
  renderCell?: Partial<Record<string, (row: R) => ReactNode>>;
  /** Where a row leads, or null; its first cell is the link. */
  rowHref?: (row: R) => string | null;
  /** The row that somebody came for. */
  isMarked?: (row: R) => boolean;
  /** What a row opens to. */
  renderDetails?: (row: R) => ReactNode;
  /** Rows that can be chosen, by their keys. */
  selection?: Selection;
};

export type Selection = { keys: ReadonlySet<string>; onToggle: (key: string) => void };

type Props<R extends TableRow> = RowOptions<R> & { columns: readonly ColumnView[]; rows: readonly R[]; opened: ReadonlySet<string>; onToggle: (key: string) => void };

/** j, k and the arrows move between rows, Home and End to the ends, Enter does what a click on the row does. */
export function moveRow(event: KeyboardEvent<HTMLElement>): void {
  if (event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof HTMLElement) || event.target.matches('input, select, textarea')) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('tr[data-row]')];
  const row = event.target.closest<HTMLElement>('tr[data-row]');
  const at = row ? rows.indexOf(row) : -1;
  const to = destination(event.key, at, rows.length);
  if (to !== null) {
    event.preventDefault();
    rows[to]?.focus();
  } else if (event.key === 'Enter' && event.target === row) row?.querySelector<HTMLElement>('[data-open]')?.click();
}

function destination(key: string, at: number, count: number): number | null {
  if (count === 0) return null;
  if (key === 'j' || key === 'ArrowDown') return Math.min(at + 1, count - 1);
  if (key === 'k' || key === 'ArrowUp') return Math.max(at - 1, 0);
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : null;
}

type LeadProps = { href: string; className: string; children: ReactNode };

/** To a page of the console, or to a file of its API, which is no page that the router could show. */
const Lead = ({ href, className, children }: LeadProps) => (href.startsWith('/api/') ? <a href={href} download data-open className={classNames('inline-flex items-center gap-1.5 text-accent', className)}>{children}<Download className="size-3.5 shrink-0" aria-hidden /><span className="sr-only">Download</span></a> : <Link href={href} prefetch={false} data-open className={className}>{children}</Link>);

export function TableRows<R extends TableRow>({ columns, rows, rowKey, renderCell = {}, rowHref, renderDetails, isMarked, selection, opened, onToggle }: Props<R>) {
  return (
    <tbody>
      {rows.map((row) => {
        const key = rowKey(row);
        const open = opened.has(key);
        const marked = isMarked?.(row) ?? false;
        const href = rowHref?.(row) ?? null;
        return (
          <Fragment key={key}>
            <tr data-row tabIndex={-1} aria-current={marked || undefined} className={classNames('border-b border-line last:border-0 hover:bg-hover focus-visible:bg-hover focus-visible:outline-offset-[-2px]', open && 'bg-sunken', marked && 'bg-accent-soft/50')}>
              {renderDetails ? (
                <td data-wide className="pl-3 whitespace-nowrap max-sm:order-last sm:w-9">
                  <div className="flex items-center gap-2">
                    {selection ? <Checkbox aria-label={`Choose ${columns.slice(0, 2).map((column) => String(row[column.key] ?? '')).join(' ')}`} checked={selection.keys.has(key)} onChange={() => selection.onToggle(key)} /> : null}
                    <button type="button" data-open aria-expanded={open} onClick={() => onToggle(key)} className="flex h-7 items-center gap-1 rounded-sm text-xs text-faint hover:text-ink">
                      <ChevronRight className={classNames('size-4 transition-transform', open && 'rotate-90')} aria-hidden />
                      <span className="sm:sr-only">{open ? 'Less' : 'Details'}</span>
                    </button>
                  </div>
                </td>
              ) : null}
              {columns.map((column, index) => {
                const content = renderCell[column.key]?.(row) ?? <Cell value={row[column.key]} unit={column.unit} />;
                return (
                  <td key={column.key} data-label={column.label} data-wide={index === 0 ? '' : undefined} data-span={isLong(row[column.key], column.unit) ? '' : undefined} className={classNames('h-10 px-3 py-1.5 text-sm first:pl-4 last:pr-4', isNumeric(column.unit) && 'numeric text-right whitespace-nowrap', column.unit === 'sql' && 'w-full max-w-0 max-sm:max-w-none')}>
                    {index === 0 && href !== null ? <Lead href={href} className={classNames('hover:text-accent hover:underline', column.unit !== 'sql' && 'font-medium')}>{content}</Lead> : content}
                  </td>
                );
              })}
            </tr>
            {renderDetails && open ? (
              <tr className="border-b border-line bg-sunken">
                <td data-wide colSpan={columns.length + 1} className="p-4 max-sm:p-0">{renderDetails(row)}</td>
              </tr>
            ) : null}
          </Fragment>
        );
      })}
    </tbody>
  );
}
