'use client';

import type { ReactNode } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { classNames } from '@/components/ui/class-names';
import { Notice } from '@/components/ui/notice';
import { messageOf } from '@/lib/client/problem';
import { QueryPanel, Retry, type QueryState } from './query-panel';

type Props<T> = {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  /** The page says it already: the title is read but not seen. */
  hiddenTitle?: boolean;
  asked: UseQueryResult<T>;
  /** Filters, for as long as there is no table to carry them. */
  controls?: ReactNode;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  rows?: number;
  children: (data: T) => ReactNode;
};

/** What the API answered, under its title. What was loaded once stays in sight, whatever the newest try says. */
export function AskedPanel<T>({ title, about, actions, hiddenTitle = false, asked, controls, isEmpty = () => false, empty = null, rows = 4, children }: Props<T>) {
  const again = () => void asked.refetch();
  const state = stateOf(asked, isEmpty);
  const kept = state.kind === 'data' || state.kind === 'empty';
  return (
    <section aria-label={title} aria-busy={asked.isFetching} data-state={state.kind} className={classNames('panel-surface relative min-w-0', asked.isPlaceholderData && 'asking overflow-hidden')}>
      {hiddenTitle ? <h2 className="sr-only">{title}</h2> : (
        <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2">
          <h2 className="text-base font-semibold tracking-tight">{title}</h2>
          {about ? <p className="text-xs text-faint">{about}</p> : null}
          {actions ? <div className="ml-auto flex items-center gap-1.5">{actions}</div> : null}
        </header>
      )}
      {kept && asked.error ? <div className="border-b border-line p-3"><Notice tone="warning" title="This is the last answer that came" action={<Retry onRetry={again} />}>{messageOf(asked.error)}</Notice></div> : null}
      {controls && !kept ? <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">{controls}</div> : null}
      <QueryPanel state={state} label={title} rows={rows} onRetry={again} empty={empty}>{children}</QueryPanel>
    </section>
  );
}

function stateOf<T>({ data, error }: UseQueryResult<T>, isEmpty: (data: T) => boolean): QueryState<T> {
  if (data !== undefined) return { kind: isEmpty(data) ? 'empty' : 'data', data };
  return error ? { kind: 'failed', error } : { kind: 'pending' };
}
