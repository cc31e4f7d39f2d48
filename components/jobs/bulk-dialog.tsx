'use client';

import { useEffect, useState } from 'react';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { messageOf } from '@/lib/client/problem';
import { previewAction, useJobChanges, type Wish } from '@/lib/client/use-jobs';
import type { PreviewView } from '@/lib/kit/job';
import type { ActionView } from '@/lib/kit/result';
import { formatBytes } from '@/lib/units';
import { focus, isShort, Options } from './action-dialog';
import { JobProgress } from './job-progress';

type Looked = { wish: Wish; preview: PreviewView } | { wish: Wish; refused: string };
type Begun = { wish: Wish; name: string; job: string } | { wish: Wish; name: string; refused: string };

/** Until the server has said how it is called. */
const nameOf = (wish: Wish, given: string[]): string => given.flatMap((key) => wish.params[key] || []).join(', ');

/** Looks at every one of them, one after the other: a server that is asked about seventy indexes has other work too. */
function usePreviews(wishes: Wish[]): Looked[] {
  const of = JSON.stringify(wishes);
  const [looked, setLooked] = useState<{ of: string; answers: Looked[] }>({ of: '', answers: [] });
  useEffect(() => {
    let over = false;
    const look = async () => {
      const answers: Looked[] = [];
      for (const wish of JSON.parse(of) as Wish[]) {
        if (over) return;
        answers.push(await previewAction(wish).then((preview) => ({ wish, preview }), (error: unknown) => ({ wish, refused: messageOf(error) })));
        if (!over) setLooked({ of, answers: [...answers] });
      }
    };
    void look();
    return () => {
      over = true;
    };
  }, [of]);
  return looked.of === of ? looked.answers : [];
}

/** The same action on several objects, one at a time, in the order of the list. */
export function BulkDialog({ action, wishes, onClose }: { action: ActionView; wishes: Wish[]; onClose: () => void }) {
  const given = Object.keys(wishes[0]?.params ?? {});
  const options = action.params.filter(({ key }) => !given.includes(key));
  const [chosen, setChosen] = useState<Record<string, string>>(() => Object.fromEntries(options.map(({ key, default: fallback }) => [key, fallback])));
  const [typed, setTyped] = useState('');
  const [begun, setBegun] = useState<Begun[] | null>(null);
  const [starting, setStarting] = useState(false);
  const looked = usePreviews(wishes.map((wish) => ({ ...wish, params: { ...chosen, ...wish.params } })));
  const ready = looked.flatMap((one) => ('preview' in one ? [one] : []));
  const { run, measureAgain } = useJobChanges();
  const mustType = [action.risk, ...ready.map(({ preview }) => preview.risk)].includes('destructive');
  const phrase = `${action.title.toLowerCase()}: ${ready.length}`;
  const close = () => {
    if (begun) measureAgain();
    onClose();
  };
  const start = async () => {
    setStarting(true);
    const group = crypto.randomUUID();
    const outcome: Begun[] = [];
    for (const { wish, preview } of ready) {
      const name = preview.object.name;
      outcome.push(await run(wish, preview.seal, { group, ...(mustType ? { confirm: name } : {}) }).then((job) => ({ wish, name, job }), (error: unknown) => ({ wish, name, refused: messageOf(error) })));
    }
    setBegun(outcome);
  };
  const footer = begun ? <Button kind="primary" onClick={close}>Close</Button> : (
    <>
      <Button onClick={close}>Cancel</Button>
      <Button kind={mustType ? 'danger' : 'primary'} busy={starting} disabled={looked.length < wishes.length || ready.length === 0 || (mustType && typed !== phrase)} onClick={() => void start()}>
        {action.title}: {ready.length}
      </Button>
    </>
  );
  return (
    <Dialog open onClose={close} title={`${action.title}: ${wishes.length}`} about={`${action.about} One at a time, in this order.`} size="large" keep footer={footer}>
      {begun ? <ul ref={focus} tabIndex={-1} aria-label="How they go" className="flex flex-col gap-5 focus-visible:outline-none">{begun.map((one) => <BegunItem key={one.name} one={one} />)}</ul> : (
        <div className="flex flex-col gap-4">
          {options.length > 0 ? <Options options={options} chosen={chosen} errors={{}} onChange={setChosen} /> : null}
          {ready[0] ? <p className="text-sm text-muted">{ready[0].preview.blocks}</p> : null}
          <ol aria-label="What would be done" className="divide-y divide-line rounded-md border border-line">
            {wishes.map((wish, index) => <Item key={nameOf(wish, given)} name={nameOf(wish, given)} looked={looked[index]} />)}
          </ol>
          {mustType && ready.length > 0 ? (
            <Field label={`Type “${phrase}” to confirm`} required>
              {(control) => <Input {...control} value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} className="font-mono" />}
            </Field>
          ) : null}
        </div>
      )}
    </Dialog>
  );
}

function Item({ name, looked }: { name: string; looked: Looked | undefined }) {
  const preview = looked && 'preview' in looked ? looked.preview : null;
  const waits = preview ? preview.blockers.length + preview.snapshots.length : 0;
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 gap-y-1 px-3 py-2 text-sm">
      <span className="min-w-0 grow font-mono text-xs wrap-anywhere">{preview?.object.name ?? name}</span>
      {preview?.object.bytes ? <span className="numeric text-xs text-muted">{formatBytes(preview.object.bytes)}</span> : null}
      {waits > 0 ? <Badge tone="warning">{waits} in its way</Badge> : null}
      {preview && isShort(preview.estimate) ? <Badge tone="warning">needs {formatBytes(preview.estimate.disk_bytes ?? 0)}, free {formatBytes(preview.estimate.free_bytes ?? 0)}</Badge> : null}
      {looked === undefined ? <span className="text-xs text-faint">Looking …</span> : null}
      {looked && 'refused' in looked ? <span className="basis-full text-xs text-critical">Left out: {looked.refused}</span> : null}
      {preview ? <code className="basis-full font-mono text-2xs text-faint wrap-anywhere">{preview.plan.map(({ sql }) => sql).join('; ')}</code> : null}
    </li>
  );
}

function BegunItem({ one }: { one: Begun }) {
  return (
    <li>
      <p className="mb-1 font-mono text-xs wrap-anywhere">{one.name}</p>
      {'job' in one ? <JobProgress id={one.job} short /> : <p className="text-sm text-critical">It was not started: {one.refused}</p>}
    </li>
  );
}
