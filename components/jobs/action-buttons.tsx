'use client';

import { useState } from 'react';
import dynamic from 'next/dynamic';
import { Button } from '@/components/ui/button';
import { useUrlState } from '@/lib/client/url-state';
import type { DiagnosticView, Row } from '@/lib/kit/result';

const ActionDialog = dynamic(() => import('./action-dialog').then((module) => module.ActionDialog), { ssr: false });

/** What can be done about one row: each opens the dialog, filled in from the row. */
export function ActionButtons({ view, row }: { view: DiagnosticView; row: Row }) {
  const target = useUrlState().params.get('target') ?? 'main';
  const [open, setOpen] = useState<number | null>(null);
  const offered = view.actions.filter(({ from }) => Object.values(from).every((column) => row[column] !== null && row[column] !== undefined));
  const chosen = open === null ? undefined : offered[open];
  if (offered.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {offered.map((action, index) => <Button key={action.id} size="small" onClick={() => setOpen(index)}>{action.title}</Button>)}
      {chosen ? <ActionDialog action={chosen} target={target} given={Object.fromEntries(Object.entries(chosen.from).map(([param, column]) => [param, String(row[column])]))} onClose={() => setOpen(null)} /> : null}
    </div>
  );
}
