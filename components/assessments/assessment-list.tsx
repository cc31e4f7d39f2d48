'use client';

import { useEffect, useRef, type RefObject } from 'react';
import { ChartNoAxesColumn, ClipboardList } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { QueryPanel, Retry, type QueryState } from '@/components/panel/query-panel';
import { DataTable } from '@/components/table/data-table';
import { Button, LinkButton } from '@/components/ui/button';
import { classNames } from '@/components/ui/class-names';
import { EmptyState } from '@/components/ui/empty-state';
import { Notice } from '@/components/ui/notice';
import { RelativeTime } from '@/components/ui/relative-time';
import { ApiError, messageOf } from '@/lib/client/problem';
import { filtersOf } from '@/lib/client/assessment-address';
import { useAssessmentList } from '@/lib/client/use-assessment-list';
import { useUrlState, type UrlChange } from '@/lib/client/url-state';
import type { AssessmentItem, AssessmentList as List } from '@/lib/rooms/assessments/schema';
import { filterNames } from '@/lib/rooms/assessments/values';
import { ListCharts } from './list-charts';
import { isSortable, listColumns, shownAtFirst } from './list-columns';
import { ListFilters } from './list-filters';
import { ListPager } from './list-pager';

type Props = { /** What the server drew the page with, and for which address. */ first: { address: string; list: List } | null; me: string; canWrite: boolean };

const defaultSort = '-createdAt';

/** The list of assessments: filters, charts over what they leave, and one page of rows. Everything that is chosen is in the address. */
export function AssessmentList({ first, me, canWrite }: Props) {
  const { params, set } = useUrlState();
  const asked = useAssessmentList(params, first);
  const section = useRef<HTMLElement>(null);
  const charts = params.get('charts');
  useListKeys(section, canWrite);
  /** A change of what is asked begins at the first page again. */
  const ask = (change: UrlChange) => set({ cursor: null, ...change }, { step: true });
  const turn = (change: UrlChange) => {
    ask(change);
    section.current?.scrollIntoView({ block: 'nearest' });
  };
  const state: QueryState<List> = asked.data ? { kind: 'data', data: asked.data } : asked.error ? { kind: 'failed', error: asked.error } : { kind: 'pending' };
  return (
    <section ref={section} aria-label="Assessments" aria-busy={asked.isFetching && !asked.data} className={classNames('panel-surface relative min-w-0', asked.isPlaceholderData && 'asking')}>
      {asked.error && asked.data ? (
        <div className="p-3">
          <Notice tone="warning" title="These are the last rows that could be read" action={<Retry onRetry={() => void asked.refetch()} />}>
            {messageOf(asked.error)} Read <RelativeTime at={new Date(asked.dataUpdatedAt).toISOString()} />.
          </Notice>
        </div>
      ) : null}
      {charts === 'off' ? null : <div className={charts === 'on' ? '' : 'max-sm:hidden'}><ListCharts filters={filtersOf(params)} /></div>}
      {state.kind === 'data' ? null : <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2"><ListFilters address={params} me={me} onChange={ask} /></div>}
      <QueryPanel state={state} label="Assessments" rows={10} onRetry={() => (isRefused(asked.error) ? ask({}) : void asked.refetch())} empty={null}>
        {(list) => (
          <DataTable<AssessmentItem>
            caption="Assessments"
            columns={listColumns}
            rows={list.items}
            rowKey={({ id }) => id}
            rowHref={({ id }) => `/assessments/${id}`}
            show={shownAtFirst}
            columnChoice={params.get('cols')}
            onColumnChoice={(chosen) => set({ cols: chosen?.join(',') ?? null })}
            sort={params.get('sort') ?? defaultSort}
            onSort={(sort) => ask({ sort: sort === defaultSort ? null : sort })}
            sortable={isSortable}
            csvName="assessments-page"
            toolbar={<ListFilters address={params} me={me} onChange={ask} />}
            actions={<ChartsButton shown={charts} onChange={(shown) => set({ charts: shown })} />}
            empty={<Nothing narrowed={filterNames.some((key) => params.has(key))} canWrite={canWrite} />}
            footer={<ListPager list={list} size={params.get('limit') ?? '50'} onChange={turn} />}
          />
        )}
      </QueryPanel>
    </section>
  );
}

/** What the address asks is refused, a cursor of another order perhaps: only the first page can help. */
const isRefused = (error: unknown) => error instanceof ApiError && error.status === 422;

/** Charts are there where there is room for them, unless the address says otherwise. */
function ChartsButton({ shown, onChange }: { shown: string | null; onChange: (shown: 'on' | 'off') => void }) {
  const label = <><ChartNoAxesColumn className="size-3.5" aria-hidden /><span className="max-sm:sr-only">Charts</span></>;
  return (
    <>
      <Button size="small" className="max-sm:hidden" aria-pressed={shown !== 'off'} onClick={() => onChange(shown === 'off' ? 'on' : 'off')}>{label}</Button>
      <Button size="small" className="sm:hidden" aria-pressed={shown === 'on'} onClick={() => onChange(shown === 'on' ? 'off' : 'on')}>{label}</Button>
    </>
  );
}

function Nothing({ narrowed, canWrite }: { narrowed: boolean; canWrite: boolean }) {
  if (narrowed) return <EmptyState title="No assessment matches">Take a filter away, or search for a shorter part of the name.</EmptyState>;
  return (
    <EmptyState icon={<ClipboardList className="size-5" />} title="No assessments yet" action={canWrite ? <LinkButton kind="primary" href="/assessments/new">New assessment</LinkButton> : null}>
      They appear here, the newest first.
    </EmptyState>
  );
}

/** `/` goes to the search, `n` to a new assessment, unless somebody is typing. */
function useListKeys(section: RefObject<HTMLElement | null>, canWrite: boolean): void {
  const router = useRouter();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if (event.key === '/') {
        event.preventDefault();
        section.current?.querySelector<HTMLInputElement>('input[type=search]')?.focus();
      } else if (event.key === 'n' && canWrite) router.push('/assessments/new');
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [section, canWrite, router]);
}
