'use client';

import dynamic from 'next/dynamic';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { Pencil, Trash2 } from 'lucide-react';
import { Retry } from '@/components/panel/query-panel';
import { LevelBadge, StatusBadge } from '@/components/ui/badge';
import { Button, LinkButton } from '@/components/ui/button';
import { Notice } from '@/components/ui/notice';
import { PageHeader } from '@/components/ui/page-header';
import { RelativeTime } from '@/components/ui/relative-time';
import { messageOf } from '@/lib/client/problem';
import { isGone, useAssessment } from '@/lib/client/use-assessment';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { BackToList } from './detail-back';
import { ChecksCard } from './detail-checks';
import { AboutCard, type Owner } from './detail-about';
import { FactorsCard } from './detail-factors';
import { PredictionsCard } from './detail-predictions';
import { ScoreCard } from './detail-score';

const DeleteDialog = dynamic(() => import('./delete-dialog').then((module) => module.DeleteDialog), { ssr: false });

type Props = { /** What the server drew the page with. */ first: Assessment; owner: Owner; me: string; canWrite: boolean };

/** One assessment with everything that belongs to it. */
export function AssessmentDetail({ first, owner, me, canWrite }: Props) {
  const asked = useAssessment(first);
  const one = asked.data;
  const gone = isGone(asked.error);
  return (
    <>
      <BackToList />
      <PageHeader
        title={<span className="[overflow-wrap:anywhere]">{one.businessName}</span>}
        about={
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1 pt-1">
            <LevelBadge level={one.riskLevel} />
            <StatusBadge status={one.status} />
            <span className="text-xs text-faint"><RelativeTime at={one.updatedAt} prefix="Changed " /></span>
          </span>
        }
        actions={canWrite && !gone ? <Actions one={one} /> : null}
      />
      <div className="flex flex-col gap-4">
        {gone ? <Notice tone="warning" title="This assessment has been deleted meanwhile">What follows is the last that was read of it.</Notice> : null}
        {asked.error && !gone ? <Notice tone="warning" title="This may not be the newest" action={<Retry onRetry={() => void asked.refetch()} />}>{messageOf(asked.error)}</Notice> : null}
        <div className="grid gap-4 lg:grid-cols-2">
          <ScoreCard one={one} />
          <AboutCard one={one} owner={owner} me={me} />
        </div>
        <FactorsCard factors={one.factors} />
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-2">
          <PredictionsCard score={one.riskScore} predictions={one.predictions} />
          <ChecksCard checks={one.complianceChecks} />
        </div>
      </div>
    </>
  );
}

/** Change and delete, for those who may. The letter e begins to edit. */
function Actions({ one }: { one: Assessment }) {
  const router = useRouter();
  const [deleting, setDeleting] = useState(false);
  const [asked, setAsked] = useState(false);
  const edit = `/assessments/${one.id}/edit`;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      if (event.key !== 'e' || typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      router.push(edit);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [router, edit]);
  const remove = () => {
    setAsked(true);
    setDeleting(true);
  };
  return (
    <>
      <Button onClick={remove}>
        <Trash2 className="size-4" aria-hidden />
        Delete
      </Button>
      <LinkButton kind="primary" href={edit} aria-keyshortcuts="e" title="Edit (e)">
        <Pencil className="size-4" aria-hidden />
        Edit
      </LinkButton>
      {asked ? <DeleteDialog one={one} open={deleting} onClose={() => setDeleting(false)} /> : null}
    </>
  );
}
