import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { classNames } from './class-names';

export type Tone = 'critical' | 'warning' | 'info' | 'ok';

const tones = {
  critical: { look: 'bg-critical-soft text-critical', Icon: CircleAlert },
  warning: { look: 'bg-warning-soft text-warning', Icon: TriangleAlert },
  info: { look: 'bg-info-soft text-info', Icon: Info },
  ok: { look: 'bg-ok-soft text-ok', Icon: CircleCheck },
};

/** A sentence beside the thing that it is about. `critical` and `warning` are announced. */
export function Notice({ tone, title, children, action, className }: { tone: Tone; title?: string; children?: ReactNode; action?: ReactNode; className?: string }) {
  const { look, Icon } = tones[tone];
  return (
    <div role={tone === 'critical' ? 'alert' : 'status'} className={classNames('flex items-start gap-2.5 rounded-md px-3 py-2.5 text-sm', look, className)}>
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="min-w-0 grow">
        {title ? <p className="font-medium">{title}</p> : null}
        {children ? <div className={title ? 'mt-0.5 text-ink' : 'text-ink'}>{children}</div> : null}
      </div>
      {action ? <div className="shrink-0">{action}</div> : null}
    </div>
  );
}
