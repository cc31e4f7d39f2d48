import type { ReactNode } from 'react';
import type { Severity } from '@/lib/kit/finding';
import { classNames } from './class-names';

export type BadgeTone = 'neutral' | 'accent' | 'ok' | 'info' | 'warning' | 'high' | 'critical';

const tones: Record<BadgeTone, string> = {
  neutral: 'bg-hover text-muted ring-1 ring-inset ring-line',
  accent: 'bg-accent-soft text-accent',
  ok: 'bg-ok-soft text-ok',
  info: 'bg-info-soft text-info',
  warning: 'bg-warning-soft text-warning',
  high: 'bg-high-soft text-high',
  critical: 'bg-critical-soft text-critical',
};

export function Badge({ tone = 'neutral', children, className }: { tone?: BadgeTone; children: ReactNode; className?: string }) {
  return <span className={classNames('inline-flex h-5 items-center gap-1.5 rounded-sm px-1.5 text-xs font-medium whitespace-nowrap', tones[tone], className)}>{children}</span>;
}

const levels: Record<string, { tone: BadgeTone; step: number }> = {
  low: { tone: 'ok', step: 1 },
  medium: { tone: 'warning', step: 2 },
  high: { tone: 'high', step: 3 },
  critical: { tone: 'critical', step: 4 },
};

/** Risk level: four steps, so that it reads without its colour. */
export function LevelBadge({ level }: { level: string }) {
  const { tone, step } = levels[level] ?? { tone: 'neutral', step: 0 };
  return (
    <Badge tone={tone}>
      <span className="flex items-end gap-px" aria-hidden>
        {[1, 2, 3, 4].map((bar) => (
          <span key={bar} className={classNames('w-[3px] rounded-[1px] bg-current', bar > step && 'opacity-25')} style={{ height: 3 + bar * 2 }} />
        ))}
      </span>
      <span className="first-letter:uppercase">{level}</span>
    </Badge>
  );
}

const statuses: Record<string, string> = { pending: 'text-faint', processing: 'text-info', completed: 'text-ok', passed: 'text-ok', warning: 'text-warning', failed: 'text-critical' };

/** Status of an assessment, a check or a job: a dot and a word, calmer than the level beside it. */
export function StatusBadge({ status }: { status: string }) {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span className={classNames('size-1.5 rounded-full bg-current', statuses[status] ?? 'text-faint')} aria-hidden />
      <span className="first-letter:uppercase">{status}</span>
    </span>
  );
}

const severityTones: Record<Severity, BadgeTone> = { critical: 'critical', warning: 'warning', info: 'info' };

export function SeverityBadge({ severity }: { severity: Severity }) {
  return (
    <Badge tone={severityTones[severity]}>
      <span className="first-letter:uppercase">{severity}</span>
    </Badge>
  );
}
