'use client';

import { useState, type ReactNode } from 'react';
import { CornerDownRight } from 'lucide-react';
import { Cell, isLong } from '@/components/table/cell';
import { DataTable } from '@/components/table/data-table';
import { classNames } from '@/components/ui/class-names';
import { EmptyState } from '@/components/ui/empty-state';
import { useUrlState } from '@/lib/client/url-state';
import type { ColumnView } from '@/lib/kit/column';
import type { DiagnosticView, Measured, Row } from '@/lib/kit/result';
import { formatCount } from '@/lib/units';
import { PanelFilters } from './panel-filters';
import { panelKeys, rowKeyOf, rowPage } from './panel-state';
import { ActionButtons, ChosenRows } from '@/components/jobs/action-buttons';
import { SqlBlock } from './sql-block';
import { withTarget } from '@/components/shell/places';
import { LinkButton } from '@/components/ui/button';
import { statementHash } from '@/components/plans/plan-hash';

/** The rows of a diagnostic, ordered by the server. */
export function PanelTable({ view, prefix, measured, given }: { view: DiagnosticView; prefix: string; measured: Measured; given: Record<string, string> }) {
  const { params, set } = useUrlState();
  const keys = panelKeys(view, prefix);
  const about = params.get('about');
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const keyOf = rowKeyOf(view);
  // What has gone since it was chosen is chosen no longer.
  const picked = measured.rows.filter((row) => selected.has(keyOf(row)));
  const choose = (key: string) => setSelected(new Set(selected.has(key) ? [...selected].filter((other) => other !== key) : [...selected, key]));
  const sort = params.get(keys.sort) ?? view.sort;
  const narrowed = [keys.q, ...keys.params].some((key) => params.has(key));
  return (
    <DataTable<Row>
      caption={view.title}
      columns={view.columns}
      rows={measured.rows}
      rowKey={keyOf}
      {...(view.actions.length > 0 ? { selection: { keys: selected, onToggle: choose } } : {})}
      chosen={picked.length > 0 ? <ChosenRows actions={view.actions} rows={picked} onClear={() => setSelected(new Set())} /> : undefined}
      {...(about ? { isMarked: isAbout(about) } : {})}
      show={view.show}
      columnChoice={params.get(keys.columns)}
      onColumnChoice={(chosen) => set({ [keys.columns]: chosen?.join(',') ?? null })}
      sort={sort}
      onSort={(next) => set({ [keys.sort]: next === view.sort ? null : next })}
      csvName={`${view.room}-${view.name}`}
      toolbar={<PanelFilters view={view} prefix={prefix} given={given} />}
      renderCell={sort === view.sort ? nested(view.columns) : {}}
      rowHref={(row) => rowPage(view, row, params.get('target'))}
      renderDetails={(row) => <RowDetails view={view} row={row} />}
      empty={<EmptyState title={narrowed ? 'Nothing matches' : 'Nothing here'}>{narrowed ? 'The server was asked and no row fits the search and the limits above.' : 'The server was asked and there is nothing of this kind.'}</EmptyState>}
      footer={measured.rows.length > 0 ? <span className="numeric">{measured.truncated ? `The first ${formatCount(measured.rows.length)} rows; there are more` : `${formatCount(measured.rows.length)} ${measured.rows.length === 1 ? 'row' : 'rows'}`}</span> : undefined}
    />
  );
}

/** A tree, in the order in which it comes: each row under the one that it hangs on. */
const nested = (columns: readonly ColumnView[]): Record<string, (row: Row) => ReactNode> =>
  Object.fromEntries(columns.flatMap(({ key, unit, nests }) => (nests === undefined ? [] : [[key, (row: Row) => <Nested depth={Number(row[nests])}><Cell value={row[key]} unit={unit} /></Nested>]])));

const deepest = 6;

function Nested({ depth, children }: { depth: number; children: ReactNode }) {
  if (depth === 0) return children;
  return (
    <span className="flex items-center gap-1.5" style={{ paddingLeft: `${(Math.min(depth, deepest) - 1) * 1.125}rem` }}>
      <CornerDownRight className="size-3.5 shrink-0 text-faint" aria-hidden />
      <span className="sr-only">{`Level ${depth}: `}</span>
      {children}
    </span>
  );
}

/** The row of the object that a finding on the overview was about. */
const isAbout = (about: string) => (row: Row): boolean => Object.values(row).some((value) => value === about || `pid ${value}` === about);
/** Columns whose statements have a plan. */
const explained = ['query', 'rewrite', 'together', 'parent'];

/** Every column of one row, the statement whole. */
function RowDetails({ view, row }: { view: DiagnosticView; row: Row }) {
  const statements = view.columns.filter(({ unit, key }) => unit === 'sql' && row[key] !== null);
  const others = view.columns.filter(({ unit }) => unit !== 'sql');
  const target = useUrlState().params.get('target');
  return (
    <div className="flex max-w-5xl flex-col gap-4">
      <ActionButtons actions={view.actions} row={row} />
      {statements.map(({ key, label }) => <SqlBlock key={key} label={label} sql={String(row[key])} />)}
      {view.room === 'queries' ? (
        <div className="flex flex-wrap gap-2">
          {statements.filter(({ key }) => explained.includes(key)).map(({ key, label }) => (
            <LinkButton key={key} size="small" href={`${withTarget('/plans', target)}${statementHash(String(row[key]))}`}>{key === 'query' ? 'Explain' : `Explain: ${label.toLowerCase()}`}</LinkButton>
          ))}
        </div>
      ) : null}
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-6 gap-y-3">
        {others.map(({ key, label, unit, note }) => (
          <div key={key} className={classNames('min-w-0', isLong(row[key], unit) && 'sm:col-span-2')}>
            <dt className="text-2xs text-faint" title={note}>{label}</dt>
            <dd className="numeric text-sm"><Cell value={row[key]} unit={unit} whole /></dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
