'use client';

import { Button } from '@/components/ui/button';
import { openAction } from '@/lib/client/open-action';
import { useUrlState } from '@/lib/client/url-state';
import type { OfferedAction, Row } from '@/lib/kit/result';

/** The parameters of an action, as a row fills them in; null where the row lacks one. */
export function paramsFrom({ from }: OfferedAction, row: Row): Record<string, string> | null {
  const entries = Object.entries(from).map(([param, column]) => [param, row[column]] as const);
  return entries.every(([, value]) => value !== null && value !== undefined) ? Object.fromEntries(entries.map(([param, value]) => [param, String(value)])) : null;
}

/** What can be done about one row: each opens the dialog, filled in from the row. */
export function ActionButtons({ actions, row }: { actions: readonly OfferedAction[]; row: Row }) {
  const target = useUrlState().params.get('target') ?? 'main';
  const offered = actions.flatMap((action) => {
    const params = paramsFrom(action, row);
    return params ? [{ ...action, params }] : [];
  });
  if (offered.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {offered.map(({ id, title, params }) => <Button key={id} size="small" onClick={() => openAction({ action: id, target, params })}>{title}</Button>)}
    </div>
  );
}
