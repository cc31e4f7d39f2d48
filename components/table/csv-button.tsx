'use client';

import { Download } from 'lucide-react';
import { Button } from '@/components/ui/button';
import type { ColumnView } from '@/lib/kit/column';
import { toCsv, type TableRow } from './table-data';

type Props = { name: string; columns: readonly ColumnView[]; rows: readonly TableRow[] };

/** Saves what the table shows, in base units. */
export function CsvButton({ name, columns, rows }: Props) {
  const save = () => {
    const url = URL.createObjectURL(new Blob(['\uFEFF', toCsv(columns, rows)], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${name}-${new Date().toISOString().slice(0, 16).replaceAll(':', '')}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };
  return (
    <Button size="small" onClick={save} disabled={rows.length === 0}>
      <Download className="size-3.5" aria-hidden />
      <span>CSV</span>
    </Button>
  );
}
