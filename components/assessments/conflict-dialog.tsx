'use client';

import { useState } from 'react';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { classNames } from '@/components/ui/class-names';
import { Dialog } from '@/components/ui/dialog';
import { RelativeTime } from '@/components/ui/relative-time';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { differences, firstChoices, merge, type Choices, type Difference, type Side } from './conflict-merge';
import { draftFrom, valuesOf, type FormValues } from './form-draft';
import type { Conflict } from './form-save';

type Props = { conflict: Conflict; open: boolean; onClose: () => void; onSettle: (merged: FormValues, theirs: Assessment) => Promise<void> };

const absent = { mine: 'Removed by me', theirs: 'Removed by them' };

/** Two versions of one assessment, side by side wherever they differ; for each difference somebody says which stays. */
export function ConflictDialog({ conflict, open, onClose, onSettle }: Props) {
  const { base, mine, theirs } = conflict;
  const there = draftFrom(theirs);
  const found = differences(draftFrom(base), mine, there);
  const [chosen, setChosen] = useState<Choices>({});
  const choices = { ...firstChoices(found), ...chosen };
  const left = found.filter(({ key }) => choices[key] === undefined).length;
  const all = (side: Side) => setChosen(Object.fromEntries(found.map(({ key }) => [key, side])));
  const footer = (
    <>
      <p className="grow self-center text-xs text-muted" aria-live="polite">{left === 0 ? 'Everything is chosen.' : `${left} left to choose.`}</p>
      <Button onClick={onClose}>Back to the form</Button>
      <Button kind="primary" disabled={left > 0} onClick={() => void onSettle(valuesOf(merge(mine, there, choices)), theirs)}>Save this</Button>
    </>
  );
  return (
    <Dialog open={open} onClose={onClose} size="large" title="Somebody changed it meanwhile" footer={footer} about={<>You began with version {base.version}; it is version {theirs.version} since <RelativeTime at={theirs.updatedAt} />. Nothing that you typed is lost: choose what stays.</>}>
      <div className="flex flex-wrap items-center gap-2 pb-3">
        <Button size="small" onClick={() => all('mine')}>Keep all mine</Button>
        <Button size="small" onClick={() => all('theirs')}>Take all theirs</Button>
      </div>
      {found.length === 0 ? <p className="text-sm text-muted">The two say the same by now.</p> : (
        <div className="flex flex-col gap-3">
          {found.map((one) => <Choice key={one.key} one={one} chosen={choices[one.key]} onChoose={(side) => setChosen((before) => ({ ...before, [one.key]: side }))} />)}
        </div>
      )}
    </Dialog>
  );
}

const marks: Record<Difference['by'], { tone: BadgeTone; says: string }> = {
  mine: { tone: 'neutral', says: 'Changed by me' },
  theirs: { tone: 'neutral', says: 'Changed by them' },
  both: { tone: 'warning', says: 'Changed by both' },
};

function Choice({ one, chosen, onChoose }: { one: Difference; chosen: Side | undefined; onChoose: (side: Side) => void }) {
  const { tone, says } = marks[one.by];
  return (
    <fieldset className="min-w-0">
      <legend className="flex flex-wrap items-center gap-x-2 pb-1 text-sm font-medium [overflow-wrap:anywhere]">
        {one.label}
        <Badge tone={tone}>{says}</Badge>
      </legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {(['mine', 'theirs'] as const).map((side) => (
          <label key={side} className={classNames('grid min-w-0 cursor-pointer grid-cols-[auto_minmax(0,1fr)] content-start gap-x-2.5 rounded-md border px-3 py-2 text-sm', chosen === side ? 'border-accent bg-accent-soft' : 'border-line hover:bg-hover')}>
            <input type="radio" name={one.key} checked={chosen === side} onChange={() => onChoose(side)} className="mt-0.5 size-4 shrink-0 accent-accent" />
            <span className="text-xs text-muted">{side === 'mine' ? 'Keep mine' : 'Take theirs'}</span>
            <span className={classNames('col-start-2 whitespace-pre-line [overflow-wrap:anywhere]', one[side] === null && 'text-muted italic')}>{one[side] ?? (one.base === null ? 'Not there' : absent[side])}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
