'use client';

import { AskedPanel } from '@/components/panel/asked-panel';
import { DataTable } from '@/components/table/data-table';
import { EmptyState } from '@/components/ui/empty-state';
import { useUrlState } from '@/lib/client/url-state';
import { useJobs } from '@/lib/client/use-jobs';
import type { ColumnView } from '@/lib/kit/column';
import type { JobView } from '@/lib/kit/job';
import { formatMs } from '@/lib/units';
import { JobDetails, JobProgress } from './job-progress';
import { standingOf } from './job-standing';
import { JobStateBadge } from './job-state';

const columns: ColumnView[] = [
  { key: 'action', label: 'Action', unit: 'code', nullable: false },
  { key: 'state', label: 'State', unit: 'text', nullable: false },
  { key: 'object', label: 'On', unit: 'code', nullable: false },
  { key: 'target', label: 'Database', unit: 'code', nullable: false },
  { key: 'createdAt', label: 'Asked for', unit: 'time', nullable: false },
  { key: 'requestedBy', label: 'By', unit: 'text', nullable: false },
  { key: 'took', label: 'Took', unit: 'text', nullable: true },
  { key: 'says', label: 'How it stands', unit: 'text', nullable: true },
  { key: 'group', label: 'Group', unit: 'code', nullable: true, note: 'Jobs that were begun together run one at a time on a target' },
  { key: 'approvedBy', label: 'Approved by', unit: 'text', nullable: true },
];

const took = ({ startedAt, finishedAt }: JobView): string | null => (startedAt && finishedAt ? formatMs(Date.parse(finishedAt) - Date.parse(startedAt)) : null);

const renderCell = {
  state: ({ state }: JobView) => <JobStateBadge state={state} />,
  // Enough of it to tell one from another.
  group: ({ group }: JobView) => (group === null ? <span className="text-faint">–</span> : <code title={group} className="font-mono text-xs">{group.slice(0, 8)}</code>),
  says: (job: JobView) => standingOf(job),
  took: (job: JobView) => took(job) ?? <span className="text-faint">–</span>,
};

const never = () => false;

/** What runs, what waits and what has ended. */
export function JobList({ state }: { state: 'open' | 'ended' }) {
  const { params, set } = useUrlState();
  const asked = useJobs(state === 'open' ? 100 : 200, state);
  return (
    <AskedPanel title="Jobs" hiddenTitle asked={asked} rows={8}>
      {(jobs) => (
        <DataTable<JobView>
          caption="Jobs"
          columns={columns}
          show={columns.map(({ key }) => key).filter((key) => key !== 'approvedBy' && (key !== 'group' || jobs.some(({ group }) => group !== null)))}
          rows={jobs}
          rowKey={({ id }) => id}
          renderCell={renderCell}
          rowHref={({ id }) => `/maintenance/${id}`}
          renderDetails={(job) => (job.finishedAt ? <JobDetails job={job} /> : <JobProgress id={job.id} />)}
          columnChoice={params.get('cols')}
          onColumnChoice={(chosen) => set({ cols: chosen?.join(',') ?? null })}
          sort="-createdAt"
          onSort={never}
          sortable={never}
          csvName="jobs"
          empty={<EmptyState title={state === 'open' ? 'Nothing runs and nothing waits' : 'Nothing has been done yet'}>Actions begin where a problem is shown: open a row of a table or an index, and choose what to do about it.</EmptyState>}
        />
      )}
    </AskedPanel>
  );
}
