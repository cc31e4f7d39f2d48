'use client';

import { Button } from '@/components/ui/button';
import { openAction } from '@/lib/client/open-action';
import { useUrlState } from '@/lib/client/url-state';
import type { Wish } from '@/lib/client/use-jobs';
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

/** What can be done with several rows at once. */
export function ChosenRows({ actions, rows, onClear }: { actions: readonly OfferedAction[]; rows: readonly Row[]; onClear: () => void }) {
  const target = useUrlState().params.get('target') ?? 'main';
  const wishesOf = (action: OfferedAction): Wish[] => {
    const each = rows.map((row) => paramsFrom(action, row)).filter((params) => params !== null);
    const once = new Map(each.map((params) => [JSON.stringify(params), params]));
    return [...once.values()].map((params) => ({ action: action.id, target, params }));
  };
  return (
    <fieldset aria-label="Chosen rows" className="flex flex-wrap items-center gap-2 border-b border-line bg-accent-soft/40 px-4 py-2">
      <span className="numeric text-xs font-medium">{rows.length} chosen</span>
      {actions.map((action) => {
        const wishes = wishesOf(action);
        return wishes.length === 0 ? null : <Button key={action.id} size="small" onClick={() => openAction(...wishes)}>{`${action.title}: ${wishes.length}`}</Button>;
      })}
      <Button kind="ghost" size="small" className="ml-auto" onClick={onClear}>Choose none</Button>
    </fieldset>
  );
}
