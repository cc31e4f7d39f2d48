import { JobList } from '@/components/jobs/job-list';
import { ScheduleList } from '@/components/jobs/schedule-list';
import { PageHeader } from '@/components/ui/page-header';
import { Tabs } from '@/components/ui/tabs';
import { may } from '@/lib/kit/caller';
import { consolePage } from '@/lib/run/page';

export const metadata = { title: 'Maintenance' };

const views = { open: 'Running and queued', scheduled: 'Scheduled', history: 'History' };
const isView = (name: unknown): name is keyof typeof views => typeof name === 'string' && name in views;

export default consolePage('stats:read', ({ caller, searchParams }) => {
  const view = isView(searchParams['view']) ? searchParams['view'] : 'open';
  const target = typeof searchParams['target'] === 'string' ? `&target=${encodeURIComponent(searchParams['target'])}` : '';
  return (
    <>
      <PageHeader title="Maintenance" about="What runs, what waits and what has been done, with what it changed and whom it made wait">
        <Tabs label="Views of maintenance" tabs={Object.entries(views).map(([name, label]) => ({ href: `/maintenance?view=${name}${target}`, label, current: name === view }))} />
      </PageHeader>
      {view === 'scheduled' ? <ScheduleList mayChange={may(caller, 'maintenance:run')} /> : <JobList key={view} state={view === 'open' ? 'open' : 'ended'} />}
    </>
  );
});
