'use client';

import { Card } from '@/components/ui/card';
import { PageHeader } from '@/components/ui/page-header';
import { RelativeTime } from '@/components/ui/relative-time';
import { useJob } from '@/lib/client/use-jobs';
import type { JobView as Job } from '@/lib/kit/job';
import { Fact } from './fact';
import { JobDetails } from './job-progress';

/** One job by itself, for a link from the audit log or from a colleague. */
export function JobView({ initial }: { initial: Job }) {
  const { data: job = initial } = useJob(initial.id);
  const { action, object, target, requestedBy, createdAt, startedAt, finishedAt, approvedBy, reason, schedule } = job;
  return (
    <>
      <PageHeader title={<span className="wrap-anywhere">{object}</span>} about={<><code className="font-mono text-xs">{action}</code> on the database <code className="font-mono text-xs">{target}</code></>} />
      <Card>
        <div className="flex min-w-0 flex-col gap-5">
          <dl className="flex flex-wrap gap-x-8 gap-y-2 text-sm">
            <Fact label="asked for"><RelativeTime at={createdAt} /></Fact>
            <Fact label="by">{requestedBy}</Fact>
            {schedule ? <Fact label="begun by">a schedule</Fact> : null}
            {startedAt ? <Fact label="begun"><RelativeTime at={startedAt} /></Fact> : null}
            {finishedAt ? <Fact label="ended"><RelativeTime at={finishedAt} /></Fact> : null}
            {approvedBy ? <Fact label="approved by">{approvedBy}</Fact> : null}
            {reason ? <Fact label="why">{reason}</Fact> : null}
          </dl>
          <JobDetails job={job} />
        </div>
      </Card>
    </>
  );
}
