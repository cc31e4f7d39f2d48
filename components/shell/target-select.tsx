'use client';

import { useRouter, usePathname, useSearchParams } from 'next/navigation';
import { Database } from 'lucide-react';
import { Select } from '@/components/ui/input';
import { changed } from '@/lib/client/url-state';

/** Which database is observed. One is a label, more are a choice that lives in the address. */
export function TargetSelect({ targets }: { targets: readonly string[] }) {
  const router = useRouter();
  const path = usePathname();
  const params = useSearchParams();
  const current = params.get('target') ?? 'main';
  const choose = (target: string) => router.push(`${path}?${changed(params.toString(), { target: target === 'main' ? null : target })}`);
  return (
    <div className="flex min-w-0 items-center gap-2 text-sm text-muted" title="The observed database">
      <Database className="size-4 shrink-0 text-faint" strokeWidth={1.75} aria-hidden />
      {targets.length > 1 ? (
        <Select aria-label="Observed database" value={current} onChange={(event) => choose(event.target.value)} className="h-7 max-w-48 font-mono text-xs">
          {targets.map((target) => <option key={target}>{target}</option>)}
        </Select>
      ) : (
        <span className="truncate font-mono text-xs">{current}</span>
      )}
    </div>
  );
}
