'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Dialog } from '@/components/ui/dialog';
import { RelativeTime } from '@/components/ui/relative-time';
import { toast } from '@/components/ui/toast';
import { keys } from '@/lib/client/keys';
import { currentOf, deleteAssessment, isGone } from '@/lib/client/use-assessment';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { formatCount } from '@/lib/units';
import { differences } from './conflict-merge';
import { useListAddress } from './detail-back';
import { draftFrom } from './form-draft';

type Props = { one: Assessment; open: boolean; onClose: () => void };

/** Asks, deletes, and says what somebody else changed where that is why it was not deleted. */
export function DeleteDialog({ one, open, onClose }: Props) {
  const client = useQueryClient();
  const router = useRouter();
  const list = useListAddress();
  const [meanwhile, setMeanwhile] = useState<{ seen: Assessment; now: Assessment } | null>(null);
  const confirm = async () => {
    try {
      await deleteAssessment(one.id, one.version);
    } catch (error) {
      const now = currentOf(error);
      if (now) setMeanwhile({ seen: one, now });
      if (now) return;
      if (!isGone(error)) throw error;
    }
    client.removeQueries({ queryKey: keys.assessment(one.id) });
    void client.invalidateQueries({ queryKey: keys.assessments() });
    void toast('Deleted', { tone: 'ok', about: one.businessName });
    router.push(list);
  };
  const look = () => {
    if (meanwhile) client.setQueryData(keys.assessment(one.id), meanwhile.now);
    setMeanwhile(null);
  };
  return (
    <>
      <ConfirmDialog open={open} onClose={onClose} title="Delete this assessment?" confirmLabel="Delete" danger onConfirm={confirm}>
        <p><b className="font-medium text-ink [overflow-wrap:anywhere]">{one.businessName}</b> goes for good, and with it {withIt(one)}.</p>
      </ConfirmDialog>
      <Dialog open={meanwhile !== null} onClose={() => setMeanwhile(null)} title="It changed meanwhile, and was not deleted" size="medium" footer={<><Button onClick={() => setMeanwhile(null)}>Close</Button><Button kind="primary" onClick={look}>Look again</Button></>}>
        {meanwhile ? <Changes {...meanwhile} /> : null}
      </Dialog>
    </>
  );
}

const counted = (count: number, one: string, many: string) => `${count === 0 ? 'no' : formatCount(count)} ${count === 1 ? one : many}`;

function withIt({ factors, predictions, complianceChecks }: Assessment): string {
  return `${counted(factors.length, 'factor', 'factors')}, ${counted(predictions.length, 'prediction', 'predictions')} and ${counted(complianceChecks.length, 'compliance check', 'compliance checks')}`;
}

function Changes({ seen, now }: { seen: Assessment; now: Assessment }) {
  const [before, after] = [draftFrom(seen), draftFrom(now)];
  const found = differences(before, before, after);
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p className="text-muted">You saw version {seen.version}; it is version {now.version} since <RelativeTime at={now.updatedAt} />.</p>
      {found.length === 0 ? <p>What it says is the same.</p> : (
        <dl className="divide-y divide-line border-y border-line">
          {found.map(({ key, label, mine, theirs }) => (
            <div key={key} className="grid gap-x-4 gap-y-0.5 py-2 sm:grid-cols-[10rem_minmax(0,1fr)]">
              <dt className="text-muted [overflow-wrap:anywhere]">{label}</dt>
              <dd className="[overflow-wrap:anywhere]"><span className="text-faint">{mine ?? 'not there'}</span> → <span className="font-medium">{theirs ?? 'removed'}</span></dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
