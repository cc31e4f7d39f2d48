'use client';

import { useState } from 'react';
import { BellOff, Undo2 } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Field } from '@/components/ui/field';
import { Select, Textarea } from '@/components/ui/input';
import { RelativeTime } from '@/components/ui/relative-time';
import { toast } from '@/components/ui/toast';
import { messageOf } from '@/lib/client/problem';
import { useFindingDecisions } from '@/lib/client/use-finding-decisions';
import type { Decision, FoundItem } from '@/lib/kit/result';

const dayMs = 86_400_000;
const spans = { day: ['for a day', 1], week: ['for a week', 7], month: ['for 30 days', 30] } as const;
type Choice = keyof typeof spans | 'accept';

/** Opens the choice of leaving a finding be: for a time, or as it is. */
export function DecideButton({ item, target }: { item: FoundItem; target: string }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="shrink-0">
      <Button kind="ghost" size="small" icon aria-label={`Snooze or accept: ${item.about}`} title="Snooze or accept" onClick={() => setOpen(true)}>
        <BellOff className="size-4" aria-hidden />
      </Button>
      {open ? <DecideDialog item={item} target={target} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}

function DecideDialog({ item, target, onClose }: { item: FoundItem; target: string; onClose: () => void }) {
  const { decide } = useFindingDecisions(target);
  const [choice, setChoice] = useState<Choice>('week');
  const [reason, setReason] = useState('');
  const save = async () => {
    if (reason.trim() === '') throw new Error('Say why: whoever comes next will want to know.');
    const decision = choice === 'accept' ? { kind: 'accepted' as const } : { kind: 'snoozed' as const, until: new Date(Date.now() + spans[choice][1] * dayMs).toISOString() };
    await decide(item.id, { ...decision, reason });
    void toast(choice === 'accept' ? 'Accepted' : `Snoozed ${spans[choice][0]}`, { tone: 'ok' });
  };
  return (
    <ConfirmDialog open onClose={onClose} title="Snooze or accept" confirmLabel={choice === 'accept' ? 'Accept' : 'Snooze'} onConfirm={save}>
      <p><span className="font-mono text-xs break-all text-ink">{item.about}</span><br />{item.says}</p>
      <Field label="Leave it be">
        {(control) => (
          <Select {...control} value={choice} onChange={(event) => setChoice(event.target.value as Choice)}>
            {Object.entries(spans).map(([key, [label]]) => <option key={key} value={key}>{label}</option>)}
            <option value="accept">as it is (accept)</option>
          </Select>
        )}
      </Field>
      <Field label="Why" required hint="Shown beside it and kept in the audit log. It comes back by itself when it becomes worse.">
        {(control) => <Textarea {...control} rows={3} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Field>
    </ConfirmDialog>
  );
}

/** Who left it be, until when, and why. */
export function DecisionNote({ decision: { kind, until, reason, by, at } }: { decision: Decision }) {
  return (
    <p className="mt-1 max-w-4xl text-xs text-faint">
      {kind === 'accepted' ? 'Accepted' : <>Snoozed until <RelativeTime at={until ?? at} /></>} by {by} <RelativeTime at={at} />: <span className="text-muted">{reason}</span>
    </p>
  );
}

export function ReopenButton({ item, target }: { item: FoundItem; target: string }) {
  const { takeBack } = useFindingDecisions(target);
  const [busy, setBusy] = useState(false);
  const reopen = async () => {
    setBusy(true);
    try {
      await takeBack(item.id);
    } catch (error) {
      void toast(messageOf(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button kind="ghost" size="small" icon busy={busy} aria-label={`Open again: ${item.about}`} title="Open again" onClick={() => void reopen()}>
      <Undo2 className="size-4" aria-hidden />
    </Button>
  );
}
