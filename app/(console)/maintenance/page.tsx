import { JobList } from '@/components/jobs/job-list';
import { PageHeader } from '@/components/ui/page-header';
import { consolePage } from '@/lib/run/page';

export const metadata = { title: 'Maintenance' };

export default consolePage('stats:read', () => (
  <>
    <PageHeader title="Maintenance" about="What runs, what waits and what has been done, with what it changed and whom it made wait" />
    <JobList />
  </>
));
