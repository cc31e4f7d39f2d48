'use client';

import { ArrowDown, ArrowUp } from 'lucide-react';
import { classNames } from '@/components/ui/class-names';
import { Select } from '@/components/ui/input';
import type { ColumnView } from '@/lib/kit/column';
import { isNumeric } from '@/lib/units';
import { nextSort, parseSort } from './table-data';

type Props = { columns: readonly ColumnView[]; sort: string; sortable: (key: string) => boolean; onSort: (sort: string) => void; leading: boolean };

const largestFirst = ({ unit }: ColumnView): boolean => isNumeric(unit) || unit === 'time';

export function TableHead({ columns, sort, sortable, onSort, leading }: Props) {
  const current = parseSort(sort);
  return (
    <thead className="sticky top-0 z-10 bg-surface shadow-[0_1px_0_var(--line)]">
      <tr>
        {leading ? <th scope="col" className="w-9"><span className="sr-only">Details</span></th> : null}
        {columns.map((column) => {
          const active = current.key === column.key;
          return (
            <th
              key={column.key}
              scope="col"
              aria-sort={active ? (current.descending ? 'descending' : 'ascending') : undefined}
              className={classNames('h-9 px-3 text-xs font-medium whitespace-nowrap text-faint first:pl-4 last:pr-4', isNumeric(column.unit) ? 'text-right' : 'text-left')}
              title={column.note}
            >
              {sortable(column.key) ? (
                <button type="button" onClick={() => onSort(nextSort(sort, column, largestFirst(column)))} className={classNames('group inline-flex items-center gap-1 rounded-sm align-middle hover:text-ink', isNumeric(column.unit) && 'flex-row-reverse', active && 'text-ink')}>
                  <span className={column.note ? 'underline decoration-line-strong decoration-dotted underline-offset-4' : ''}>{column.label}</span>
                  <SortMark active={active} descending={active ? current.descending : largestFirst(column)} />
                </button>
              ) : (
                column.label
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function SortMark({ active, descending }: { active: boolean; descending: boolean }) {
  const Icon = descending ? ArrowDown : ArrowUp;
  return <Icon className={classNames('size-3 shrink-0', active ? '' : 'opacity-0 group-hover:opacity-60 group-focus-visible:opacity-60')} aria-hidden />;
}

/** The order on a phone, where rows are cards without headings. */
export function SortSelect({ columns, sort, sortable, onSort }: Omit<Props, 'leading'>) {
  const options = columns.filter(({ key }) => sortable(key));
  if (options.length === 0) return null;
  return (
    <Select aria-label="Order" value={sort} onChange={(event) => onSort(event.target.value)} className="h-7 min-w-0 grow text-xs sm:hidden">
      {options.map(({ key, label }) => [
        <option key={`-${key}`} value={`-${key}`}>{label} ↓</option>,
        <option key={key} value={key}>{label} ↑</option>,
      ])}
    </Select>
  );
}
