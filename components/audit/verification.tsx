'use client';

import { useState } from 'react';
import { ShieldCheck } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/notice';
import { api, messageOf } from '@/lib/client/api';
import type { Verification } from '@/lib/rooms/maintenance/verification';
import { formatCount } from '@/lib/units';

type Walked = { checked: number; checkpoints: number; foreign: number; signedTo: number; last: Verification };

const added = (before: Walked | null, last: Verification): Walked => ({
  checked: (before?.checked ?? 0) + last.checked,
  checkpoints: (before?.checkpoints ?? 0) + last.checkpoints,
  foreign: (before?.foreign ?? 0) + last.foreign,
  signedTo: Math.max(before?.signedTo ?? 0, last.signedTo),
  last,
});

/** Walks the whole log when asked to, and says how far it holds. */
export function AuditVerification() {
  const [busy, setBusy] = useState(false);
  const [walked, setWalked] = useState<Walked | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const verify = async () => {
    setBusy(true);
    setFailure(null);
    try {
      let sum: Walked | null = null;
      for (let from: number | null = 1; from !== null; from = sum.last.next) {
        sum = added(sum, await api<Verification>('/api/audit/verification', { query: { from } }));
        setWalked(sum);
      }
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button size="small" busy={busy} onClick={() => void verify()}>
        <ShieldCheck className="size-3.5" aria-hidden />
        Verify
      </Button>
      {failure ? <Notice tone="warning" title="It could not be verified">{failure}</Notice> : walked ? <Outcome walked={walked} busy={busy} /> : <p className="text-xs text-faint">Each entry holds the hash of the one before it; the console signs what it has written within seconds, and keeps it in mind until then.</p>}
    </div>
  );
}

function Outcome({ walked: { checked, checkpoints, foreign, signedTo, last }, busy }: { walked: Walked; busy: boolean }) {
  if (last.bad) return <Notice tone="critical" title="The log was tampered with">{last.bad.says}</Notice>;
  if (busy) return <output className="numeric text-xs text-muted">{formatCount(checked)} entries so far …</output>;
  return (
    <Notice tone="ok" title={`All ${formatCount(checked)} entries are as they were written`}>
      {`${formatCount(checkpoints)} signed checkpoints, to entry ${formatCount(signedTo)}.${foreign > 0 ? ` ${formatCount(foreign)} were signed with another secret and say nothing here.` : ''}`}
    </Notice>
  );
}
