'use client';

import Link from 'next/link';
import { LoaderCircle } from 'lucide-react';
import { useJobs } from '@/lib/client/use-jobs';
import { isOpen } from '@/lib/kit/job';

/** On every page: how many jobs are open, and the way to them. Nothing while there is none. */
export function JobIndicator() {
  const { data = [] } = useJobs(20);
  const open = data.filter(({ state }) => isOpen(state));
  if (open.length === 0) return null;
  return (
    <Link href="/maintenance" prefetch={false} className="flex h-7 items-center gap-1.5 rounded-md px-2 text-xs font-medium text-info hover:bg-hover">
      <LoaderCircle className="size-3.5 animate-spin motion-reduce:animate-none" aria-hidden />
      {open.length} {open.length === 1 ? 'job' : 'jobs'}
    </Link>
  );
}
