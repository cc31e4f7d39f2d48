'use client';

import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { Notice } from '@/components/ui/notice';
import { toast } from '@/components/ui/toast';
import { ApiError, messageOf } from '@/lib/client/problem';
import type { Wish } from '@/lib/client/use-jobs';
import { useScheduleChanges } from '@/lib/client/use-schedules';
import { formatTime } from '@/lib/units';
import { cronInWords } from './cron-words';

const usual = ['30 2 * * *', '30 2 * * 0', '30 2 1 * *', '15 * * * *'];

const timeZones = (): string[] => ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
const ownTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

type Props = { wish: Wish; /** What was typed to confirm, for what destroys. */ confirm?: string | undefined; onDone: () => void };

/** Instead of now, or besides: again and again. */
export function ScheduleOffer({ open, onOpen, ...rest }: Props & { open: boolean; onOpen: (open: boolean) => void }) {
  return open ? <ScheduleForm {...rest} onCancel={() => onOpen(false)} /> : <div><Button size="small" onClick={() => onOpen(true)}>Schedule …</Button></div>;
}

/** When an action is to be done. Each run is planned anew then, and its guards hold. */
function ScheduleForm({ wish, confirm, onDone, onCancel }: Props & { onCancel: () => void }) {
  const [choice, setChoice] = useState(usual[0] ?? '');
  const [own, setOwn] = useState('30 2 * * *');
  const [timeZone, setTimeZone] = useState(ownTimeZone);
  const [hours, setHours] = useState({ from: '', to: '' });
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const { create } = useScheduleChanges();
  const errorOf = (path: string) => (failure instanceof ApiError ? failure.field(path) : undefined);
  const save = async () => {
    setBusy(true);
    setFailure(null);
    try {
      const window = hours.from || hours.to ? hours : null;
      const { nextRun } = await create({ ...wish, cron: choice || own, timeZone, window, ...(confirm === undefined ? {} : { confirm }) });
      void toast('Scheduled', { tone: 'ok', ...(nextRun ? { about: `Next at ${formatTime(nextRun)}` } : {}) });
      onDone();
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <fieldset className="flex flex-col gap-3 rounded-md border border-line p-4">
      <legend className="px-1 text-sm font-medium">Schedule</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="When" error={choice ? errorOf('cron') : undefined}>
          {(control) => (
            <Select {...control} value={choice} onChange={(event) => setChoice(event.target.value)}>
              {usual.map((cron) => <option key={cron} value={cron}>{cronInWords(cron)}</option>)}
              <option value="">Other …</option>
            </Select>
          )}
        </Field>
        {choice ? null : (
          <Field label="Cron" hint={cronInWords(own) ?? 'Minute, hour, day of the month, month, day of the week'} error={errorOf('cron')}>
            {(control) => <Input {...control} value={own} onChange={(event) => setOwn(event.target.value)} autoComplete="off" spellCheck={false} className="font-mono" />}
          </Field>
        )}
        <Field label="Time zone" error={errorOf('timeZone')}>
          {(control) => <Select {...control} value={timeZone} onChange={(event) => setTimeZone(event.target.value)}>{timeZones().map((zone) => <option key={zone}>{zone}</option>)}</Select>}
        </Field>
        <Window hours={hours} onChange={setHours} errorOf={errorOf} />
      </div>
      {failure && !(failure instanceof ApiError && failure.errors.length > 0) ? <Notice tone="critical" title="It was not scheduled">{messageOf(failure)}</Notice> : null}
      <div className="flex flex-wrap justify-end gap-2">
        <Button size="small" onClick={onCancel}>Do not schedule</Button>
        <Button size="small" kind="primary" busy={busy} onClick={() => void save()}>Schedule</Button>
      </div>
    </fieldset>
  );
}

type Hours = { from: string; to: string };

function Window({ hours, onChange, errorOf }: { hours: Hours; onChange: (next: Hours) => void; errorOf: (path: string) => string | undefined }) {
  return (
    <div className="grid grid-cols-2 gap-3">
      <Field label="Begin only from" hint="Empty: at any time" error={errorOf('window.from')}>
        {(control) => <Input {...control} type="time" value={hours.from} onChange={(event) => onChange({ ...hours, from: event.target.value })} />}
      </Field>
      <Field label="and before" error={errorOf('window.to')}>
        {(control) => <Input {...control} type="time" value={hours.to} onChange={(event) => onChange({ ...hours, to: event.target.value })} />}
      </Field>
    </div>
  );
}
