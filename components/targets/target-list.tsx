'use client';

import Link from 'next/link';
import { CircleCheck } from 'lucide-react';
import { AskedPanel } from '@/components/panel/asked-panel';
import { SqlBlock } from '@/components/panel/sql-block';
import { withTarget } from '@/components/shell/places';
import { Badge } from '@/components/ui/badge';
import { useTargets } from '@/lib/client/use-targets';
import type { TargetView } from '@/lib/kit/result';

/** Every observed database; adding one is a matter of the console's settings, which is where its password belongs. */
export function TargetList() {
  const asked = useTargets();
  return (
    <div className="flex flex-col gap-4">
      <AskedPanel title="Observed databases" hiddenTitle asked={asked} rows={4}>
        {(targets) => <ul className="divide-y divide-line">{targets.map((target) => <Target key={target.name} target={target} />)}</ul>}
      </AskedPanel>
      <p className="max-w-3xl text-sm text-muted">
        Another database is observed when the console starts with it in <code className="font-mono text-xs text-ink">TARGETS</code>, such as <code className="font-mono text-xs text-ink">TARGETS=&quot;shop=postgres://riskdesk_monitor:…@host:5432/shop?sslmode=verify-full&quot;</code>. A login role that is a member of pg_monitor is enough.
      </p>
    </div>
  );
}

function Target({ target }: { target: TargetView }) {
  const { name, reachable, version, inRecovery, role, lacks } = target;
  return (
    <li className="flex flex-col gap-3 px-4 py-4">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <h3 className="font-mono text-sm font-semibold"><Link href={withTarget('/', name)} prefetch={false} className="hover:underline">{name}</Link></h3>
        {reachable ? <Badge tone="ok">Reachable</Badge> : <Badge tone="critical">Not reachable</Badge>}
        {inRecovery ? <Badge tone="info">Standby</Badge> : null}
        {reachable ? <span className="text-sm text-muted">PostgreSQL {version}, as <code className="font-mono text-xs">{role}</code></span> : <span className="text-sm text-muted">No answer, or the role is refused. It is tried again every second.</span>}
      </div>
      {reachable && lacks.length === 0 ? <p className="flex items-center gap-2 text-sm text-muted"><CircleCheck className="size-4 text-ok" aria-hidden />Nothing is missing: every question can be asked.</p> : null}
      {lacks.length > 0 ? (
        <ul className="flex flex-col gap-4" aria-label={`What ${name} lacks`}>
          {lacks.map(({ what, says, sql }) => (
            <li key={what} className="grid gap-2 border-l-2 border-line pl-3 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)] lg:gap-6">
              <div>
                <p className="font-mono text-xs font-semibold text-ink">{what}</p>
                <p className="mt-0.5 text-sm text-muted">{says}</p>
              </div>
              {sql ? <SqlBlock sql={sql} label="To be run there" /> : null}
            </li>
          ))}
        </ul>
      ) : null}
    </li>
  );
}
