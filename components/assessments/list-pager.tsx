'use client';

import { ChevronFirst, ChevronLeft, ChevronRight } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Select } from '@/components/ui/input';
import type { UrlChange } from '@/lib/client/url-state';
import type { AssessmentList, Total } from '@/lib/rooms/assessments/schema';
import { formatCompact, formatCount } from '@/lib/units';

const sizes = ['25', '50', '100', '200'];

/** Exact is said to be exact; an estimate is rounded, so that it cannot be taken for a count. */
export function TotalText({ total }: { total: Total }) {
  if (total.exact) return <span title="Counted">{formatCount(total.value)} {total.value === 1 ? 'assessment' : 'assessments'}</span>;
  return <span title={`Estimated from the planner’s statistics: ${formatCount(total.value)}`}>about {formatCompact(total.value)} assessments, estimated</span>;
}

type Props = { list: AssessmentList; size: string; onChange: (change: UrlChange) => void };

export function ListPager({ list, size, onChange }: Props) {
  const { prevCursor, nextCursor, total } = list;
  return (
    <>
      <span className="numeric grow"><TotalText total={total} /></span>
      <label className="flex items-center gap-1.5">
        Rows
        <Select value={size} onChange={(event) => onChange({ limit: event.target.value === '50' ? null : event.target.value })} className="numeric h-7 w-auto text-xs">
          {[...new Set([...sizes, size])].map((one) => <option key={one}>{one}</option>)}
        </Select>
      </label>
      <nav aria-label="Pages" className="flex items-center gap-1">
        <Button size="small" icon aria-label="First page" title="First page" disabled={!prevCursor} onClick={() => onChange({ cursor: null })}><ChevronFirst className="size-4" aria-hidden /></Button>
        <Button size="small" disabled={!prevCursor} onClick={() => onChange({ cursor: prevCursor })}><ChevronLeft className="size-3.5" aria-hidden />Previous</Button>
        <Button size="small" disabled={!nextCursor} onClick={() => onChange({ cursor: nextCursor })}>Next<ChevronRight className="size-3.5" aria-hidden /></Button>
      </nav>
    </>
  );
}
