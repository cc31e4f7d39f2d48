'use client';

import { useNow } from '@/lib/client/use-now';
import { formatRelative, formatTime } from '@/lib/units';

/** `3 minutes ago`, the exact time on hover. Server and browser may be a step apart, which is not worth a warning. */
export function RelativeTime({ at, prefix = '' }: { at: string; prefix?: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatTime(at)} className="whitespace-nowrap" suppressHydrationWarning>
      {prefix}
      {formatRelative(at, Math.max(now, Math.min(new Date(at).getTime(), now + 10_000)))}
    </time>
  );
}
