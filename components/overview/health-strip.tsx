'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { classNames } from '@/components/ui/class-names';
import { RelativeTime } from '@/components/ui/relative-time';
import { Skeleton } from '@/components/ui/skeleton';
import { api } from '@/lib/client/api';
import { keys } from '@/lib/client/keys';
import { formatMs } from '@/lib/units';

type Status = 'healthy' | 'unhealthy' | 'unknown';
type Check = { status: Status; duration?: number; details?: string };
type Health = { status: Status; timestamp: string; checks: Record<string, Check> };

const refreshMs = 15_000;
const titles: [string, string][] = [['connectivity', 'Connectivity'], ['connection_pool', 'Connection pool'], ['database_size', 'Database size'], ['long_queries', 'Long queries']];
const dots: Record<Status, string> = { healthy: 'bg-ok', unhealthy: 'bg-critical-solid', unknown: 'bg-control' };
const words: Record<Status, string> = { healthy: 'Fine', unhealthy: 'Not well', unknown: 'Unknown' };

/** The console's own database in four checks. */
export function HealthStrip() {
  const { data, error, isFetching } = useQuery({ queryKey: keys.health, queryFn: ({ signal }) => api<Health>('/api/health', { signal, accept: [503] }), refetchInterval: refreshMs, placeholderData: keepPreviousData });
  return (
    <section aria-label="Health" aria-busy={isFetching} className="panel-surface grid grid-cols-2 overflow-hidden lg:grid-cols-4">
      {titles.map(([key, title], index) => {
        const check = error ? undefined : data?.checks[key];
        const status = check?.status ?? 'unknown';
        return (
          <div key={key} className={classNames('min-h-22 px-4 py-3', index % 2 === 1 && 'border-l border-line', index > 1 && 'max-lg:border-t max-lg:border-line', index === 2 && 'lg:border-l lg:border-line')}>
            <h2 className="text-xs font-medium text-faint">{title}</h2>
            {data || error ? (
              <>
                <p className="mt-1 flex items-center gap-2 text-base font-medium">
                  <span className={classNames('size-2 rounded-full', dots[status])} aria-hidden />
                  {words[status]}
                </p>
                <p className="numeric mt-0.5 text-xs text-muted" title={check?.duration === undefined ? undefined : `Checked in ${formatMs(check.duration)}`}>
                  {error ? <>No answer{data ? <>; last one <RelativeTime at={data.timestamp} /></> : null}</> : (check?.details ?? '–')}
                </p>
              </>
            ) : (
              <Skeleton className="mt-2 h-4 w-24" />
            )}
          </div>
        );
      })}
    </section>
  );
}
