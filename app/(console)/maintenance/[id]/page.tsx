import { BackLink } from '@/components/assessments/detail-back';
import { JobView } from '@/components/jobs/job-view';
import { isOpen } from '@/lib/kit/job';
import { jobView } from '@/lib/run/actions/job-view';
import { findJob } from '@/lib/run/actions/jobs';
import { consolePage, foundOr404 } from '@/lib/run/page';

export const metadata = { title: 'Job' };

export default consolePage('stats:read', async ({ caller, params }) => {
  const job = jobView(await foundOr404(params['id'], findJob), caller);
  return (
    <>
      <BackLink href={isOpen(job.state) ? '/maintenance' : '/maintenance?view=history'}>Maintenance</BackLink>
      <JobView initial={job} />
    </>
  );
}, '/maintenance/[id]');
