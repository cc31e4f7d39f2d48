'use client';

import { useState } from 'react';
import { AskedPanel } from '@/components/panel/asked-panel';
import { DataTable } from '@/components/table/data-table';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { EmptyState } from '@/components/ui/empty-state';
import { RelativeTime } from '@/components/ui/relative-time';
import { toast } from '@/components/ui/toast';
import { messageOf } from '@/lib/client/problem';
import { useScheduleChanges, useSchedules } from '@/lib/client/use-schedules';
import type { ColumnView } from '@/lib/kit/column';
import type { ScheduleView } from '@/lib/kit/schedule';
import { cronInWords } from './cron-words';
import { JobStateBadge } from './job-state';

const columns: ColumnView[] = [
  { key: 'action', label: 'Action', unit: 'code', nullable: false },
  { key: 'object', label: 'On', unit: 'code', nullable: false },
  { key: 'target', label: 'Database', unit: 'code', nullable: false },
  { key: 'when', label: 'When', unit: 'text', nullable: false },
  { key: 'nextRun', label: 'Next', unit: 'time', nullable: true },
  { key: 'last', label: 'Last', unit: 'text', nullable: true },
  { key: 'createdBy', label: 'By', unit: 'text', nullable: false },
];

type Shown = ScheduleView & { when: string };

const whenOf = ({ cron, timeZone, window }: ScheduleView): string => `${cronInWords(cron) ?? cron}, ${timeZone}${window ? `; begins from ${window.from} to ${window.to}` : ''}`;

const renderCell = {
  when: ({ cron, timeZone, window }: Shown) => (
    <span title={cron}>{cronInWords(cron) ?? <code className="font-mono text-xs">{cron}</code>} <span className="text-muted">{timeZone}{window ? <span className="whitespace-nowrap">{`, begins ${window.from}–${window.to}`}</span> : null}</span></span>
  ),
  nextRun: ({ nextRun }: Shown) => (nextRun ? <RelativeTime at={nextRun} /> : <Badge tone="neutral">Off</Badge>),
  last: ({ last }: Shown) => (last ? <LastState last={last} /> : <span className="text-faint">–</span>),
};

const LastState = ({ last: { state } }: { last: NonNullable<ScheduleView['last']> }) => (state === 'refused' ? <Badge tone="warning">Refused</Badge> : <JobStateBadge state={state} />);

const never = () => false;

/** What is done again and again, and how it went the last time. */
export function ScheduleList({ mayChange }: { mayChange: boolean }) {
  const asked = useSchedules();
  return (
    <AskedPanel title="Schedules" hiddenTitle asked={asked} rows={6}>
      {(schedules) => (
        <DataTable<Shown>
          caption="Schedules"
          columns={columns}
          rows={schedules.map((one) => ({ ...one, when: whenOf(one) }))}
          rowKey={({ id }) => id}
          renderCell={renderCell}
          renderDetails={(schedule) => <Details schedule={schedule} mayChange={mayChange} />}
          sort="nextRun"
          onSort={never}
          sortable={never}
          csvName="schedules"
          empty={<EmptyState title="Nothing is scheduled">Open an action where a problem is shown, look at what it would do, and schedule it from there.</EmptyState>}
        />
      )}
    </AskedPanel>
  );
}

function Details({ schedule, mayChange }: { schedule: ScheduleView; mayChange: boolean }) {
  const { id, object, action, params, cron, last, enabled, reason } = schedule;
  const { change, remove } = useScheduleChanges();
  const [asking, setAsking] = useState(false);
  const toggle = () => change(id, { enabled: !enabled }).catch((error: unknown) => toast('It was not changed', { tone: 'error', about: messageOf(error) }));
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p className="font-mono text-xs wrap-anywhere"><span className="text-muted">{cron}</span>{'  '}{Object.entries(params).map(([key, value]) => `${key} = ${value}`).join(', ')}</p>
      {reason ? <p className="text-muted">{reason}</p> : null}
      {last ? <p><LastState last={last} /> <RelativeTime at={last.at} />{last.says ? `: ${last.says}` : ''}</p> : <p className="text-faint">It has not run yet.</p>}
      {mayChange ? (
        <div className="flex flex-wrap gap-2">
          <Button size="small" onClick={() => void toggle()}>{enabled ? 'Switch off' : 'Switch on'}</Button>
          <Button size="small" onClick={() => setAsking(true)}>Remove</Button>
          <ConfirmDialog open={asking} onClose={() => setAsking(false)} title="Remove the schedule?" confirmLabel="Remove" danger onConfirm={() => remove(id)}>
            <p>{action} on <span className="font-mono text-xs break-all text-ink">{object}</span> is not begun by itself any more. Jobs that are queued or running go on.</p>
          </ConfirmDialog>
        </div>
      ) : null}
    </div>
  );
}
