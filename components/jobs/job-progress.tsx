'use client';

import { useEffect, useRef, type UIEvent } from 'react';
import { SqlBlock } from '@/components/panel/sql-block';
import { Disclosure } from '@/components/panel/disclosure';
import { evidenceLabel, evidenceText } from '@/components/panel/findings';
import { classNames } from '@/components/ui/class-names';
import { openAction } from '@/lib/client/open-action';
import { asSent, type Remedy } from '@/lib/kit/finding';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/notice';
import { ScrollRegion } from '@/components/ui/scroll-region';
import { toast } from '@/components/ui/toast';
import { messageOf } from '@/lib/client/problem';
import { useJob, useJobChanges } from '@/lib/client/use-jobs';
import { useNow } from '@/lib/client/use-now';
import { isOpen, type JobView } from '@/lib/kit/job';
import { formatCount, formatMs, formatTime } from '@/lib/units';
import { Fact } from './fact';
import { JobStateBadge } from './job-state';
import { announcementOf, shareOf, standingOf } from './job-standing';
import { PlanView } from './plan-view';

/** A job as it runs, and how it ended. */
export function JobProgress({ id, short = false }: { id: string; /** One of several: how it stands, without its plan and its log. */ short?: boolean }) {
  const { data: job, error } = useJob(id);
  if (!job) return error ? <Notice tone="warning" title="The job cannot be seen">{messageOf(error)}</Notice> : <output className="text-sm text-muted">Asking …</output>;
  return <JobDetails job={job} short={short} />;
}

export function JobDetails({ job, short = false }: { job: JobView; short?: boolean }) {
  return (
    <div className={classNames('flex min-w-0 flex-col', short ? 'gap-2' : 'gap-4')}>
      <output className="sr-only">{announcementOf(job)}</output>
      <div className="flex flex-wrap items-center gap-3">
        <JobStateBadge state={job.state} />
        <p className="min-w-0 text-sm wrap-anywhere">{standingOf(job)}</p>
        {isOpen(job.state) ? <CancelButton job={job} /> : null}
        {job.mayApprove ? <ApproveButton job={job} /> : null}
        {!isOpen(job.state) && job.state !== 'succeeded' ? <AgainButton job={job} /> : null}
      </div>
      {job.state === 'running' ? <Bar job={job} /> : null}
      <Figures job={job} />
      {short ? null : <Written job={job} />}
    </div>
  );
}

function Written({ job }: { job: JobView }) {
  return (
    <>
      {job.log.length > 0 ? <Log job={job} /> : null}
      {job.state === 'succeeded' && job.inverse ? <TakesBack inverse={job.inverse} target={job.target} /> : null}
      {isOpen(job.state) || job.plan.length === 0 ? <PlanView plan={job.plan} label="Runs as shown" /> : (
        <Disclosure summary={`The plan, ${job.plan.length === 1 ? 'one step' : `${job.plan.length} steps`}`}>
          <div className="flex flex-col gap-4"><PlanView plan={job.plan} label={job.state === 'succeeded' ? 'Ran as shown' : 'As planned'} /></div>
        </Disclosure>
      )}
    </>
  );
}

/** What undoes it: SQL for a person, or another action, which shows first what it would do. */
function TakesBack({ inverse, target }: { inverse: Remedy; target: string }) {
  if ('sql' in inverse) return <SqlBlock label="Takes it back" sql={inverse.sql} />;
  const params = asSent(inverse.params);
  return <div><Button size="small" onClick={() => openAction({ action: inverse.action, target, params })}>Take it back …</Button></div>;
}

/** A cancel is mostly heard at once; a statement that does not hear it is ended with its session. */
const patienceMs = 5000;

function CancelButton({ job }: { job: JobView }) {
  const { cancel } = useJobChanges();
  const helpless = useNow() - Date.parse(job.cancelRequestedAt ?? '') > patienceMs;
  const how = helpless && job.state === 'running' ? 'terminate' : 'cancel';
  const stop = () => cancel(job.id, how).catch((error: unknown) => toast('It was not cancelled', { tone: 'error', about: messageOf(error) }));
  const asked = how === 'terminate' ? job.terminateRequestedAt : job.cancelRequestedAt;
  return <Button size="small" className="ml-auto" disabled={asked !== null} onClick={() => void stop()}>{how === 'terminate' ? 'End its session' : 'Cancel job'}</Button>;
}

function ApproveButton({ job }: { job: JobView }) {
  const { approve } = useJobChanges();
  const agree = () => approve(job.id).catch((error: unknown) => toast('It was not approved', { tone: 'error', about: messageOf(error) }));
  return <Button size="small" kind="primary" onClick={() => void agree()}>Approve</Button>;
}

/** Nothing is repeated unseen: the dialog looks anew, and what it shows is what runs. */
function AgainButton({ job: { action, target, params } }: { job: JobView }) {
  return <Button size="small" className="ml-auto" onClick={() => openAction({ action, target, params: asSent(params) })}>Again …</Button>;
}

function Bar({ job }: { job: JobView }) {
  return (
    <progress
      aria-label={`Progress of ${job.action} on ${job.object}`}
      max={1}
      value={shareOf(job) ?? undefined}
      className="h-1.5 w-full overflow-hidden rounded-full bg-line indeterminate:animate-pulse [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent [&::-webkit-progress-value]:transition-[width]"
    />
  );
}

function Figures({ job }: { job: JobView }) {
  const { before, after, later, waitedMs, progress } = job;
  const names = Object.keys(before ?? {});
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-2 text-sm">
      {names.map((name) => (
        <Fact key={name} label={evidenceLabel(name)}>
          {evidenceText(name, before?.[name] ?? null)}
          {after ? <span className="text-muted"> → {evidenceText(name, after[name] ?? null)}</span> : null}
        </Fact>
      ))}
      {later.map(({ after: when, at, figures }) => <Later key={when} after={when} at={at} figures={figures} />)}
      {job.startedAt ? <Fact label="longest wait of others">{waitedMs > 0 ? formatMs(waitedMs) : 'none seen'}</Fact> : null}
      {progress && progress.held_ms > 0 ? <Fact label="longest that it held a strong lock">{formatMs(progress.held_ms)}</Fact> : null}
      {progress && progress.moved !== null && !isOpen(job.state) ? <Fact label="rows">{formatCount(progress.moved)}</Fact> : null}
      {isOpen(job.state) && progress && progress.waiting > 0 ? <Fact label="waiting for it now">{progress.waiting}</Fact> : null}
    </dl>
  );
}

/** Whether it paid off. */
function Later({ after, at, figures }: JobView['later'][number]) {
  return (
    <Fact label={`a${after === 'hour' ? 'n hour' : ' day'} later`}>
      <span title={formatTime(at)}>{figures === null ? 'not to be had' : Object.entries(figures).map(([name, value]) => `${evidenceLabel(name)} ${evidenceText(name, value)}`).join(', ')}</span>
    </Fact>
  );
}

/** Its newest line stays in sight, unless somebody reads further up. */
function Log({ job }: { job: JobView }) {
  const ref = useRef<HTMLElement>(null);
  const follows = useRef(true);
  const lines = job.log.length;
  useEffect(() => {
    if (lines > 0 && ref.current && follows.current) ref.current.scrollTop = ref.current.scrollHeight;
  }, [lines]);
  const onScroll = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }: UIEvent<HTMLElement>) => {
    follows.current = scrollTop + clientHeight >= scrollHeight - 8;
  };
  return (
    <ScrollRegion ref={ref} onScroll={onScroll} label={`Log of ${job.action} on ${job.object}`} className="max-h-48 overflow-auto rounded-md border border-line bg-sunken px-3 py-2">
      <ol className="font-mono text-xs leading-5">
        {job.log.map(({ at, says }, index) => (
          <li key={`${at} ${index}`} className="flex gap-3">
            <time dateTime={at} className="shrink-0 text-faint">{at.slice(11, 19)}</time>
            <span className="whitespace-pre-wrap wrap-anywhere">{says}</span>
          </li>
        ))}
      </ol>
    </ScrollRegion>
  );
}
