import { DiagnosticPanel } from '@/components/panel/diagnostic-panel';
import { BackLink } from '@/components/assessments/detail-back';
import { StatementView } from '@/components/queries/statement-view';
import { withTarget } from '@/components/shell/places';
import { EmptyState } from '@/components/ui/empty-state';
import { PageHeader } from '@/components/ui/page-header';
import { may } from '@/lib/kit/caller';
import type { DiagnosticView } from '@/lib/kit/result';
import { consolePage } from '@/lib/run/page';
import { diagnostics, viewOf } from '@/lib/run/registry';

export const metadata = { title: 'Statement' };

/** What else is asked about one statement, of whatever room: shown where there is such a question and it takes a query id. */
const further: { id: string; given?: Record<string, string>; show?: string[] }[] = [
  { id: 'queries.antipatterns', given: { statements: '1' }, show: ['pattern', 'certainty', 'rewrite', 'note'] },
  { id: 'indexes.advice' },
  { id: 'queries.statement_tables' },
];

const one = (value: string | string[] | undefined): string => (typeof value === 'string' ? value.slice(0, 200) : '');

/** One statement, by its query id: what it costs, what it reads, what is wrong with it and what would help. */
export default consolePage('stats:read', ({ caller, searchParams }) => {
  const queryid = one(searchParams['queryid']);
  const target = one(searchParams['target']) || null;
  const view = (id: string): DiagnosticView | null => {
    const entry = diagnostics.get(id);
    return entry && may(caller, entry.diagnostic.permission) && 'queryid' in entry.diagnostic.params ? viewOf(entry) : null;
  };
  // Without an id these would be questions about every statement, and the costliest of all.
  if (queryid === '') {
    return (
      <>
        <BackLink href={withTarget('/queries?view=total', target)}>Queries</BackLink>
        <PageHeader title="Statement" about="No statement is named in the address" />
        <EmptyState title="Which statement?">Open one from the list of queries: its row leads here.</EmptyState>
      </>
    );
  }
  const statement = view('queries.statement');
  return (
    <>
      <BackLink href={withTarget('/queries?view=total', target)}>Queries</BackLink>
      <PageHeader title="Statement" about={<>Query id <code className="font-mono text-xs">{queryid}</code></>} />
      <div className="flex flex-col gap-4">
        {statement ? <StatementView view={statement} queryid={queryid} /> : null}
        {further.map(({ id, given = {}, show }) => {
          const panel = view(id);
          return panel ? <DiagnosticPanel key={id} view={{ ...panel, contextColumns: [], search: [], page: null, show: show ?? panel.show }} prefix={panel.name} given={{ queryid, ...given }} /> : null;
        })}
      </div>
    </>
  );
});
