'use client';

import { useMemo } from 'react';
import { Workflow } from 'lucide-react';
import { DiagnosticPanel } from '@/components/panel/diagnostic-panel';
import { panelQuery, panelState } from '@/components/panel/panel-state';
import { QueryPanel } from '@/components/panel/query-panel';
import { SqlBlock } from '@/components/panel/sql-block';
import { statementHash } from '@/components/plans/plan-hash';
import { withTarget } from '@/components/shell/places';
import { LinkButton } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { EmptyState } from '@/components/ui/empty-state';
import { useDiagnostic } from '@/lib/client/use-diagnostic';
import { useUrlState } from '@/lib/client/url-state';
import type { DiagnosticView, Measured } from '@/lib/kit/result';

const prefix = 'figures';

/** The text of the statement, the way to its plan, and its figures role by role. */
export function StatementView({ view, queryid }: { view: DiagnosticView; queryid: string }) {
  const { params } = useUrlState();
  const given = useMemo(() => ({ queryid }), [queryid]);
  const asked = useDiagnostic(view, panelQuery(view, params, prefix, params.get('target'), given), { paused: false, wanted: true });
  const alone = useMemo(() => ({ ...view, search: [], page: null }), [view]);
  const { state } = panelState({ data: asked.data, error: asked.error });
  const has = state.kind === 'data';
  return (
    <>
      <Card flush title="Text" about="As pg_stat_statements keeps it: with parameters for values" actions={has ? <ExplainLink rows={state.data.rows} target={params.get('target')} /> : null}>
        <QueryPanel state={state} label="Text" rows={5} onRetry={() => void asked.refresh()} empty={<Gone />}>{(measured) => <Text measured={measured} />}</QueryPanel>
      </Card>
      {has ? <DiagnosticPanel view={alone} prefix={prefix} given={given} /> : null}
    </>
  );
}

const textOf = (rows: Measured['rows'], key: string): string | null => {
  const value = rows[0]?.[key];
  return typeof value === 'string' ? value : null;
};

function Text({ measured: { rows } }: { measured: Measured }) {
  const said = textOf(rows, 'said_by');
  return (
    <div className="flex flex-col gap-2 p-4">
      <SqlBlock label="Statement" sql={textOf(rows, 'formatted') ?? ''} />
      {said ? <p className="text-xs text-muted">The comment in it says <span className="font-mono">{said}</span>. It is the first caller’s: whoever else sends the same statement is counted here too.</p> : null}
    </div>
  );
}

function ExplainLink({ rows, target }: { rows: Measured['rows']; target: string | null }) {
  const text = textOf(rows, 'query');
  if (text === null) return null;
  return (
    <LinkButton size="small" href={`${withTarget('/plans', target)}${statementHash(text)}`}>
      <Workflow className="size-3.5" aria-hidden />
      Explain
    </LinkButton>
  );
}

function Gone() {
  return (
    <EmptyState title="pg_stat_statements does not hold this statement">
      It was evicted, its statistics were reset, it has not finished once, it ran in another database, the monitoring role may not see it, or it is one of this console’s own questions.
    </EmptyState>
  );
}
