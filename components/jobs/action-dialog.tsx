'use client';

import { useEffect, useRef, useState } from 'react';
import Link from 'next/link';
import { SqlBlock } from '@/components/panel/sql-block';
import { withTarget } from '@/components/shell/places';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { Notice } from '@/components/ui/notice';
import { ApiError, isRecord, messageOf } from '@/lib/client/problem';
import { previewAction, useJobChanges, type Wish } from '@/lib/client/use-jobs';
import type { Blocker, PreviewView } from '@/lib/kit/job';
import type { ActionView, ParamView } from '@/lib/kit/result';
import { formatBytes, formatMs } from '@/lib/units';
import { Fact } from './fact';
import { JobProgress } from './job-progress';
import { PlanView } from './plan-view';
import { ScheduleOffer } from './schedule-form';

type Props = { action: ActionView; target: string; given: Record<string, string>; onClose: () => void };
type Looked = { preview: PreviewView } | { refused: unknown };

const pauseMs = 300;

/** The button that was pressed is gone: where it goes on is read next. */
export const focus = (element: HTMLElement | null) => element?.focus();

/** Looks at what the action would do, again whenever an option changes and typing pauses. */
function usePreview(wish: Wish): { looked: Looked | null; again: () => void } {
  const [looked, setLooked] = useState<{ of: string; answer: Looked } | null>(null);
  const [round, setRound] = useState(0);
  const first = useRef(true);
  const of = JSON.stringify([wish, round]);
  useEffect(() => {
    let over = false;
    const [asked] = JSON.parse(of) as [Wish, number];
    const look = () => previewAction(asked).then((preview) => ({ preview }), (refused: unknown) => ({ refused })).then((answer: Looked) => {
      if (!over) setLooked({ of, answer });
    }, () => {});
    const timer = setTimeout(() => void look(), first.current ? 0 : pauseMs);
    first.current = false;
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [of]);
  return { looked: looked?.of === of ? looked.answer : null, again: () => setRound(round + 1) };
}

/** From a wish to a job: what it would do and block, then its seal, then how it goes. */
export function ActionDialog({ action, target, given, onClose }: Props) {
  const options = action.params.filter(({ key, seen }) => !(key in given) && !seen);
  const [chosen, setChosen] = useState<Record<string, string>>(() => Object.fromEntries(options.map(({ key, default: fallback }) => [key, fallback])));
  const [typed, setTyped] = useState('');
  const [job, setJob] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [scheduling, setScheduling] = useState(false);
  const [starting, setStarting] = useState(false);
  const wish = { action: action.id, target, params: { ...chosen, ...given } };
  const { looked, again } = usePreview(wish);
  const { run, measureAgain } = useJobChanges();
  // Not before: the row that the dialog stands in may be gone then, and the outcome with it.
  const close = () => {
    if (job) measureAgain();
    onClose();
  };
  const preview = looked && 'preview' in looked ? looked.preview : null;
  const refused = looked && 'refused' in looked ? looked.refused : null;
  const errors = errorsOf(refused);
  const mustType = (preview?.risk ?? action.risk) === 'destructive';
  // A line break in a name cannot be typed into a field of one line.
  const phrase = preview?.object.name.replaceAll(/[\r\n]/g, '') ?? '';
  const start = async () => {
    if (!preview) return;
    setFailure(null);
    setStarting(true);
    try {
      setJob(await run(wish, preview.seal, mustType ? { confirm: preview.object.name } : {}));
    } catch (error) {
      setFailure(messageOf(error));
      again();
    } finally {
      setStarting(false);
    }
  };
  const footer = job ? <Button kind="primary" onClick={close}>Close</Button> : (
    <>
      <Button onClick={close}>Cancel</Button>
      <Button kind={scheduling ? 'secondary' : mustType ? 'danger' : 'primary'} busy={starting} disabled={!preview || (mustType && typed !== phrase)} onClick={() => void start()}>{scheduling ? `${action.title} now` : action.title}</Button>
    </>
  );
  return (
    <Dialog open onClose={close} title={action.title} about={action.about} size="large" keep footer={footer}>
      {job ? <section ref={focus} tabIndex={-1} aria-label="How it goes" className="focus-visible:outline-none"><JobProgress id={job} /></section> : (
        <div className="flex flex-col gap-4">
          {failure ? <Notice tone="critical" title="It was not started">{failure}</Notice> : null}
          {options.length > 0 ? <Options options={options} chosen={chosen} errors={errors} onChange={setChosen} /> : null}
          {Object.keys(given).length === 0 ? <Elsewhere action={action} target={target} onGo={onClose} /> : null}
          <output className={looked === null ? 'text-sm text-muted' : 'sr-only'}>{looked === null ? 'Looking at what it would do …' : preview ? 'What it would do is shown.' : ''}</output>
          {refused !== null && Object.keys(errors).length === 0 ? <Refused error={refused} onAgain={() => (setFailure(null), again())} /> : null}
          {preview ? <Preview preview={preview} /> : null}
          {preview && mustType ? (
            <Field label={`Type ${phrase} to confirm`} required>
              {(control) => <Input {...control} value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} className="font-mono" />}
            </Field>
          ) : null}
          {preview && action.recurs ? <ScheduleOffer open={scheduling} onOpen={setScheduling} wish={wish} confirm={!mustType ? undefined : typed === phrase ? preview.object.name : typed} onDone={close} /> : null}
        </div>
      )}
    </Dialog>
  );
}

/** Where its object can be chosen instead of typed. */
function Elsewhere({ action: { offeredBy }, target, onGo }: { action: ActionView; target: string; onGo: () => void }) {
  if (offeredBy.length === 0) return null;
  return (
    <p className="text-xs text-muted">
      Or choose it where it is listed:{' '}
      {offeredBy.map(({ href, label }, index) => (
        <span key={href}>{index > 0 ? ', ' : ''}<Link href={withTarget(href, target)} prefetch={false} onClick={onGo} className="whitespace-nowrap text-accent underline underline-offset-2">{label}</Link></span>
      ))}
    </p>
  );
}

/** What is wrong with a parameter, by its key. */
function errorsOf(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(error.errors.flatMap(({ path, message }) => (path.startsWith('params.') ? [[path.slice('params.'.length), message]] : [])));
}

/** In what a number is typed. */
const written = { ms: 'ms', bytes: 'bytes', ratio: '0 to 1' } as const;

/** What the person may choose; a field that nobody has filled in yet is not wrong. */
export function Options({ options, chosen, errors, onChange }: { options: ParamView[]; chosen: Record<string, string>; errors: Record<string, string>; onChange: (next: Record<string, string>) => void }) {
  return (
    <div className="grid gap-3 sm:grid-cols-3">
      {options.map(({ key, label, choices, unit }) => (
        <Field key={key} label={unit ? `${label} (${written[unit]})` : label} error={chosen[key] ? errors[key] : undefined} hint={!chosen[key] && errors[key] ? <span className="inline-block first-letter:uppercase">{errors[key]}</span> : undefined}>
          {(control) => choices ? (
            <Select {...control} value={chosen[key]} onChange={(event) => onChange({ ...chosen, [key]: event.target.value })}>
              {choices.map((choice) => <option key={choice}>{choice}</option>)}
            </Select>
          ) : <Input {...control} value={chosen[key]} onChange={(event) => onChange({ ...chosen, [key]: event.target.value })} autoComplete="off" spellCheck={false} />}
        </Field>
      ))}
    </div>
  );
}

function titleOf(error: unknown): string {
  if (!(error instanceof ApiError)) return 'It could not be looked at';
  if (error.code === 'not_found') return 'It is not there';
  return error.code === 'database_unavailable' ? 'The database does not answer' : 'It could not be looked at';
}

export function Refused({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  const guards = error instanceof ApiError && Array.isArray(error.problem['guards']) ? error.problem['guards'].filter(isRecord) : [];
  return (
    <Notice tone="warning" title={guards.length > 0 ? 'It is not done here' : titleOf(error)} action={<Button size="small" onClick={onAgain}>Look again</Button>}>
      {guards.length === 0 ? messageOf(error) : (
        <ul className="flex flex-col gap-2">
          {guards.map((guard) => (
            <li key={String(guard['name'])}>
              <p>{String(guard['says'])}</p>
              {guard['saferWay'] ? <p className="text-muted">{String(guard['saferWay'])}</p> : null}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

/** Whether less is free than it may need. */
export const isShort = ({ disk_bytes: needed, free_bytes: free }: PreviewView['estimate']): boolean => needed !== null && free !== null && free < needed;

function Preview({ preview }: { preview: PreviewView }) {
  const { object, plan, blocks, estimate, blockers, snapshots, users, rehearsed, inverse } = preview;
  return (
    <>
      <dl className="flex flex-wrap gap-x-8 gap-y-2 text-sm">
        <Fact label="Object"><span className="font-mono text-xs wrap-anywhere">{object.name}</span></Fact>
        {object.bytes === null ? null : <Fact label="Size">{formatBytes(object.bytes)}</Fact>}
        {estimate.disk_bytes === null ? null : <Fact label="Disk it needs besides, at most">{formatBytes(estimate.disk_bytes)}</Fact>}
        {estimate.disk_bytes === null ? null : <Fact label="Free there">{estimate.free_bytes === null ? <span className="text-muted">not known from here: look before</span> : formatBytes(estimate.free_bytes)}</Fact>}
        <Fact label="Sessions on the table now">{users}</Fact>
      </dl>
      {isShort(estimate) ? <Notice tone="warning" title="The disk may not have room for it">{`It needs up to ${formatBytes(estimate.disk_bytes ?? 0)} besides, and ${formatBytes(estimate.free_bytes ?? 0)} are free there. Where the disk runs full it fails and is undone; if the WAL is on the same disk, the server itself may stop.`}</Notice> : null}
      <p className="text-sm text-muted">{blocks}</p>
      {rehearsed === null ? null : <p className="text-sm">{rehearsed}</p>}
      <PlanView plan={plan} label="Runs exactly as shown" />
      <Sessions title="In its way now" sessions={blockers} />
      <Sessions title="It would wait at its end for these older transactions" sessions={snapshots} />
      {inverse && 'sql' in inverse ? <SqlBlock sql={inverse.sql} label="Takes it back" /> : null}
    </>
  );
}

function Sessions({ title, sessions }: { title: string; sessions: Blocker[] }) {
  if (sessions.length === 0) return null;
  return (
    <Notice tone="warning" title={title}>
      <ul className="flex flex-col gap-1.5">
        {sessions.map(({ pid, gid, role, state, open_ms: ms, holds, query }) => (
          <li key={pid ?? gid} className="min-w-0 text-xs">
            <p>{`${pid === null ? `Prepared transaction ${gid}` : `Process ${pid}`}, ${role ?? 'a hidden role'}, ${state ?? 'state hidden'}${ms === null ? '' : `, transaction open for ${formatMs(ms)}`}: ${holds}`}</p>
            {query ? <p className="truncate font-mono text-muted">{query}</p> : null}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
