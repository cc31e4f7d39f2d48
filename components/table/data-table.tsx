'use client';

import { useState, type ReactNode } from 'react';
import { classNames } from '@/components/ui/class-names';
import { ScrollRegion } from '@/components/ui/scroll-region';
import type { ColumnView } from '@/lib/kit/column';
import { ColumnMenu } from './column-menu';
import { CsvButton } from './csv-button';
import { chosenColumns, sortRows, type TableRow } from './table-data';
import { SortSelect, TableHead } from './table-head';
import { moveRow, TableRows, type RowOptions } from './table-rows';

type Props<R extends TableRow> = RowOptions<R> & {
  /** The table's name for those who do not see it. */
  caption: string;
  columns: readonly ColumnView[];
  rows: readonly R[];
  /** Columns shown unless `columnChoice` says otherwise; all of them without it. */
  show?: readonly string[];
  /** Keys separated by commas, as the address keeps them. */
  columnChoice?: string | null;
  onColumnChoice?: (keys: string[] | null) => void;
  /** A column key, with a minus for descending. */
  sort?: string;
  /** With it, ordering is the server's; without it, the table orders what it has. */
  onSort?: (sort: string) => void;
  sortable?: (key: string) => boolean;
  /** Gives the CSV button, and its file this name. */
  csvName?: string;
  /** Filters and search, at the left of the bar above. */
  toolbar?: ReactNode;
  /** Further buttons, at the right of the bar. */
  actions?: ReactNode;
  /** What can be done with the chosen rows; between the bar and the rows. */
  chosen?: ReactNode;
  /** Instead of rows, when there are none. */
  empty?: ReactNode;
  footer?: ReactNode;
  maxHeight?: string;
};

const always = () => true;

/** Every table of the console: order, columns, CSV, keyboard, and cards on a phone. */
export function DataTable<R extends TableRow>(props: Props<R>) {
  const { caption, columns, rows, columnChoice, onColumnChoice, onSort, sortable = always, csvName, toolbar, actions, empty, footer, maxHeight, chosen } = props;
  const [ownSort, setOwnSort] = useState(props.sort ?? '');
  const [ownChoice, setOwnChoice] = useState<string[] | null>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const sort = onSort ? (props.sort ?? '') : ownSort;
  const choice = onColumnChoice ? (columnChoice ?? null) : (ownChoice?.join(',') ?? null);
  const shown = chosenColumns(columns, choice, props.show ?? columns.map(({ key }) => key));
  const ordered = onSort || sort === '' ? rows : sortRows(rows, sort);
  const heading = { columns: shown, sort, sortable, onSort: onSort ?? setOwnSort };
  const toggle = (key: string) => setOpened((before) => toggled(before, key));
  return (
    <div className="min-w-0">
      <div className="flex flex-wrap items-start gap-2 border-b border-line px-4 py-2 sm:flex-nowrap">
        <div className="flex min-w-0 grow flex-wrap items-center gap-x-3 gap-y-2 max-sm:basis-full">{toolbar}</div>
        <div className="flex shrink-0 items-center gap-2 max-sm:w-full sm:ml-auto">
          <SortSelect {...heading} columns={columns} />
          {actions}
          <ColumnMenu columns={columns} shown={shown} onChoose={onColumnChoice ?? setOwnChoice} />
          {csvName ? <CsvButton name={csvName} columns={shown} rows={ordered} /> : null}
        </div>
      </div>
      {chosen}
      {ordered.length === 0 ? empty : (
        <ScrollRegion label={`${caption}, rows`} onKeyDown={moveRow} style={{ maxHeight }} className={classNames('scroll-shadow overflow-x-auto last:rounded-b-lg', maxHeight && 'overflow-y-auto')}>
          <table className="cards w-full border-collapse">
            <caption className="sr-only">{caption}</caption>
            <TableHead {...heading} leading={props.renderDetails !== undefined} />
            <TableRows columns={shown} rows={ordered} opened={opened} onToggle={toggle} rowKey={props.rowKey} {...optional(props)} />
          </table>
        </ScrollRegion>
      )}
      {footer ? <div className="flex flex-wrap items-center gap-3 border-t border-line px-4 py-2.5 text-xs text-faint">{footer}</div> : null}
    </div>
  );
}

function optional<R extends TableRow>({ renderCell, rowHref, renderDetails, isMarked, selection }: RowOptions<R>) {
  return { ...(selection ? { selection } : {}), ...(isMarked ? { isMarked } : {}), ...(renderCell ? { renderCell } : {}), ...(rowHref ? { rowHref } : {}), ...(renderDetails ? { renderDetails } : {}) };
}

function toggled(before: ReadonlySet<string>, key: string): Set<string> {
  const after = new Set(before);
  if (!after.delete(key)) after.add(key);
  return after;
}
