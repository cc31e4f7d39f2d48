'use client';

import { useState } from 'react';
import { Gauge } from 'lucide-react';
import { Cell } from '@/components/table/cell';
import { Button } from '@/components/ui/button';
import { Fact } from '@/components/ui/card';
import { classNames } from '@/components/ui/class-names';
import { EmptyState } from '@/components/ui/empty-state';
import { Notice } from '@/components/ui/notice';
import { useDiagnostic } from '@/lib/client/use-diagnostic';
import { useUrlState } from '@/lib/client/url-state';
import type { Finding } from '@/lib/kit/finding';
import type { DiagnosticView, Measured } from '@/lib/kit/result';
import { Disclosure } from './disclosure';
import { Findings, type ShownFinding } from './findings';
import { PanelCharts } from './panel-charts';
import { PanelFilters } from './panel-filters';
import { PanelHeader } from './panel-header';
import { panelQuery, panelState, rowPage, type PanelState } from './panel-state';
import { PanelTable } from './panel-table';
import { QueryPanel } from './query-panel';
import { SqlBlock } from './sql-block';

type Props = { view: DiagnosticView; /** Keeps the address keys of two panels on one page apart. */ prefix?: string; /** Parameters that the page has set: no filters for them. */ given?: Record<string, string> };

const none: Record<string, string> = {};

/** One question to PostgreSQL with everything that its declaration says about it. */
export function DiagnosticPanel({ view, prefix = '', given = none }: Props) {
  const { params } = useUrlState();
  const [paused, setPaused] = useState(false);
  const query = panelQuery(view, params, prefix, params.get('target'), given);
  const [wanted, want] = useWanted(view, query);
  const asked = useDiagnostic(view, query, { paused, wanted });
  const { state, stale } = panelState({ data: asked.data, error: asked.error });
  const measured = state.kind === 'data' || state.kind === 'empty' ? state.data : null;
  const content = (data: Measured) => <PanelContent view={view} prefix={prefix} given={given} measured={data} />;
  return (
    <section id={view.name} aria-label={view.title} aria-busy={asked.isFetching} data-diagnostic={view.id} data-state={state.kind} className={classNames('panel-surface relative min-w-0', asked.isPlaceholderData && 'asking overflow-hidden')}>
      <PanelHeader view={view} measured={measured} asking={asked.isFetching} paused={paused} onRefresh={() => (wanted ? void asked.refresh() : want())} onPause={() => setPaused(!paused)} />
      <Stale why={stale} />
      {state.kind === 'failed' || (view.onDemand && !measured) ? <div className="flex flex-wrap gap-2 border-t border-line px-4 py-2"><PanelFilters view={view} prefix={prefix} given={given} /></div> : null}
      <div className="border-t border-line">
        {wanted || measured ? (
          <QueryPanel state={state} label={view.title} rows={8} onRetry={() => void asked.refresh()} empty={measured ? content(measured) : null}>
            {content}
          </QueryPanel>
        ) : (
          <EmptyState icon={<Gauge className="size-5" />} title="Measured on demand" action={<Button size="small" onClick={want}>Measure now</Button>}>
            <p>{view.onDemand}</p>
          </EmptyState>
        )}
      </div>
    </section>
  );
}

/** A question that costs the server something is asked once a person wants it, with exactly these parameters. */
function useWanted(view: DiagnosticView, query: Record<string, string>): [boolean, () => void] {
  const [wanted, setWanted] = useState<string | null>(null);
  const question = JSON.stringify(query);
  return [view.onDemand === null || wanted === question, () => setWanted(question)];
}

function Stale({ why }: { why: PanelState['stale'] }) {
  if (!why) return null;
  const says = why instanceof Error ? why.message : why.reason.says;
  return (
    <div className="px-4 pb-3">
      <Notice tone="warning" title="These are the last figures that could be measured">{says}</Notice>
    </div>
  );
}

/** A finding about a thing that has a page leads there, as its row does. */
function withPage(view: DiagnosticView, finding: Finding, target: string | null): ShownFinding {
  const href = rowPage(view, finding.evidence, target);
  return href === null ? finding : { ...finding, href };
}

function PanelContent({ view, prefix, given, measured }: { view: DiagnosticView; prefix: string; given: Record<string, string>; measured: Measured }) {
  const { context, sql } = measured;
  const { params } = useUrlState();
  const findings = measured.findings.map((finding) => withPage(view, finding, params.get('target')));
  const lead = params.get('about');
  return (
    <div className="divide-y divide-line">
      {findings.length > 0 ? <Findings items={findings} lead={lead} label={`Findings: ${view.title}`} /> : null}
      {measured.more_findings ? <p className="px-4 py-2 text-xs text-muted">There are more findings than these {findings.length}. A search above the table narrows both.</p> : null}
      {context && view.contextColumns.length > 0 ? (
        <dl className="grid grid-cols-2 gap-x-6 gap-y-3 px-4 py-3 sm:grid-cols-[repeat(auto-fill,minmax(10.5rem,1fr))]">
          {view.contextColumns.map(({ key, label, unit, note }) => (
            <Fact key={key} label={label} note={note}>
              <Cell value={context[key]} unit={unit} whole />
            </Fact>
          ))}
        </dl>
      ) : null}
      {measured.rows.length > 0 ? <PanelCharts view={view} rows={measured.rows} lines={measured.lines ?? []} /> : null}
      <PanelTable view={view} prefix={prefix} given={given} measured={measured} />
      {sql ? (
        <div className="px-4 py-2.5">
          <Disclosure summary="The SQL that ran">
            <SqlBlock sql={sql} label="As sent to the server" />
          </Disclosure>
        </div>
      ) : null}
    </div>
  );
}
