'use client';

import { Columns3 } from 'lucide-react';
import { Checkbox } from '@/components/ui/input';
import { Menu, MenuFooter } from '@/components/ui/menu';
import type { ColumnView } from '@/lib/kit/column';

type Props = { columns: readonly ColumnView[]; shown: readonly ColumnView[]; onChoose: (keys: string[] | null) => void };

/** Which columns are shown. At least one stays. */
export function ColumnMenu({ columns, shown, onChoose }: Props) {
  const visible = new Set(shown.map(({ key }) => key));
  const toggle = (key: string) => onChoose(columns.map((column) => column.key).filter((one) => visible.has(one) !== (one === key)));
  const trigger = (
    <>
      <Columns3 className="size-3.5" aria-hidden />
      <span className="max-sm:sr-only">Columns</span>
    </>
  );
  return (
    <Menu label="Columns" holds="controls" kind="secondary" size="small" trigger={trigger}>
      {columns.map(({ key, label, note }) => (
        <label key={key} title={note} className="flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 hover:bg-hover">
          <Checkbox checked={visible.has(key)} disabled={visible.has(key) && visible.size === 1} onChange={() => toggle(key)} />
          {label}
        </label>
      ))}
      <MenuFooter onSelect={() => onChoose(null)}>Back to default</MenuFooter>
    </Menu>
  );
}
