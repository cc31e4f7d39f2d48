'use client';

import { useState } from 'react';
import { SqlBlock } from '@/components/panel/sql-block';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import type { PlanStep } from '@/lib/kit/job';

const tone = (lock: PlanStep['lock']) => (lock === 'ACCESS EXCLUSIVE' ? 'critical' : 'neutral');

/** What runs, step by step, with its locks. */
export function PlanView({ plan, label }: { plan: PlanStep[]; label: string }) {
  if (plan.length === 0) return <p className="text-sm">There is nothing to do: it is as it should be.</p>;
  if (plan.length > mostWhole) return <PlanList plan={plan} />;
  return plan.map(({ sql, note, lock, waits, batches }, index) => (
    <div key={`${index} ${sql}`} className="flex flex-col gap-1.5">
      <p className="flex flex-wrap items-center gap-2 text-sm">
        {note}
        {batches ? <Badge tone="neutral">in batches</Badge> : null}
        {lock ? <Badge tone={tone(lock)}>{lock}</Badge> : null}
        {lock ? <span className="text-xs text-faint">{waits === 'bounded' ? 'asks for the lock for 100 ms at a time' : 'waits for the lock without a limit'}</span> : null}
      </p>
      <SqlBlock sql={sql} label={label} />
    </div>
  ));
}

const mostWhole = 4;
const mostListed = 12;

/** A long plan: every step in two lines, the first of them at once. */
function PlanList({ plan }: { plan: PlanStep[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? plan : plan.slice(0, mostListed);
  const exclusive = plan.filter(({ lock }) => lock === 'ACCESS EXCLUSIVE').length;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center justify-between gap-3">
        <p className="text-sm">{plan.length} steps, in this order, exactly as shown{exclusive > 0 ? `; ${exclusive} of them ask for ACCESS EXCLUSIVE` : ''}.</p>
        <CopyButton text={plan.map(({ sql }) => sql.replace(/;?$/, ';')).join('\n')} label="Copy all" />
      </div>
      <ol aria-label="Steps" className="divide-y divide-line rounded-md border border-line">
        {shown.map(({ sql, note, lock, batches }, index) => (
          <li key={`${index} ${sql}`} className="flex min-w-0 flex-col gap-1 px-3 py-2">
            <p className="flex flex-wrap items-baseline gap-x-2 gap-y-1 text-xs">
              <span className="numeric w-6 shrink-0 text-faint">{index + 1}</span>
              <span className="min-w-0 grow basis-60">{note}</span>
              {batches ? <Badge tone="neutral">in batches</Badge> : null}
              {lock ? <Badge tone={tone(lock)}>{lock}</Badge> : null}
            </p>
            <StepSql sql={sql} />
          </li>
        ))}
      </ol>
      {plan.length > mostListed ? <Button kind="ghost" size="small" className="self-start" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Show fewer' : `Show all ${plan.length} steps`}</Button> : null}
    </div>
  );
}

const mostLines = 6;

/** A transaction of many statements: its first ones at once. */
function StepSql({ sql }: { sql: string }) {
  const [all, setAll] = useState(false);
  const lines = sql.split('\n');
  const isLong = lines.length > mostLines + 2;
  return (
    <div className="pl-8">
      <code className="block font-mono text-2xs whitespace-pre-wrap text-muted wrap-anywhere">{isLong && !all ? `${lines.slice(0, mostLines).join('\n')} …` : sql}</code>
      {isLong ? <Button kind="ghost" size="small" className="-ml-2 mt-0.5" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Show fewer lines' : `Show all ${lines.length} lines`}</Button> : null}
    </div>
  );
}
