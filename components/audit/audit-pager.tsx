'use client';

import { ChevronFirst, ChevronLeft, ChevronRight } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { useUrlState } from '@/lib/client/url-state';

type Props = { count: number; nextCursor: string | null; prevCursor: string | null };

/** Pages by cursor: going on costs the same wherever one is, and rows that come meanwhile move nothing. */
export function AuditPager({ count, nextCursor, prevCursor }: Props) {
  const { params, set } = useUrlState();
  const go = (cursor: string | null) => {
    set({ cursor }, { step: true });
    window.scrollTo({ top: 0 });
  };
  return (
    <>
      <span className="numeric mr-auto">{count === 1 ? '1 row' : `${count} rows`}{prevCursor === null && count > 0 ? ', the newest' : ''}</span>
      <nav aria-label="Pages of the audit log" className="flex items-center gap-1">
        <Button size="small" icon aria-label="Newest" title="Newest" disabled={prevCursor === null && !params.has('cursor')} onClick={() => go(null)}><ChevronFirst className="size-4" aria-hidden /></Button>
        <Button size="small" disabled={prevCursor === null} onClick={() => go(prevCursor)}><ChevronLeft className="size-3.5" aria-hidden />Newer</Button>
        <Button size="small" disabled={nextCursor === null} onClick={() => go(nextCursor)}>Older<ChevronRight className="size-3.5" aria-hidden /></Button>
      </nav>
    </>
  );
}
