'use client';

import { useNow } from '@/lib/client/use-now';
import { formatDay, formatRelative, formatTime } from '@/lib/units';

const farMs = 45 * 86_400_000;

/** `3 minutes ago`, the exact time on hover; far from now the day itself, for “last year” is no date. Server and browser may be a step apart, which is not worth a warning. */
export function RelativeTime({ at, prefix = '' }: { at: string; prefix?: string }) {
  const now = useNow();
  const moment = new Date(at).getTime();
  return (
    <time dateTime={at} title={formatTime(at)} className="whitespace-nowrap" suppressHydrationWarning>
      {prefix}
      {Math.abs(moment - now) > farMs ? formatDay(at) : formatRelative(at, Math.max(now, Math.min(moment, now + 10_000)))}
    </time>
  );
}
