'use client';

import { Button } from '@/components/ui/button';
import { openAction } from '@/lib/client/open-action';
import { useActions } from '@/lib/client/use-jobs';
import { useUrlState } from '@/lib/client/url-state';
import { asSent, type Remedy } from '@/lib/kit/finding';
import { SqlBlock } from './sql-block';

/** What mends it: SQL to copy, or an action of the console, which shows its SQL before it runs. */
export function RemedyView({ remedy }: { remedy: Remedy }) {
  return 'sql' in remedy ? <SqlBlock sql={remedy.sql} label="What helps" /> : <ActionRemedy remedy={remedy} />;
}

function ActionRemedy({ remedy: { action: id, params } }: { remedy: Extract<Remedy, { action: string }> }) {
  const target = useUrlState().params.get('target') ?? 'main';
  const { data: actions } = useActions();
  const title = actions?.find((action) => action.id === id)?.title;
  const given = asSent(params);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 py-1">
      <Button size="small" kind="primary" disabled={title === undefined} onClick={() => openAction({ action: id, target, params: given })}>{title ?? id} …</Button>
      <span className="min-w-0 text-xs text-faint wrap-anywhere">{Object.values(given).join(', ')}</span>
      <span className="text-xs text-faint">It shows first what it would do and block.</span>
    </div>
  );
}
