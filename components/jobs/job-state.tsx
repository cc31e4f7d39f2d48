import { Badge, type BadgeTone } from '@/components/ui/badge';
import type { JobState } from '@/lib/kit/job';

const tones: Record<JobState, BadgeTone> = { awaiting: 'warning', queued: 'neutral', running: 'info', succeeded: 'ok', failed: 'critical', cancelled: 'neutral', interrupted: 'warning' };

export function JobStateBadge({ state }: { state: JobState }) {
  return (
    <Badge tone={tones[state]}>
      <span className="first-letter:uppercase">{state}</span>
    </Badge>
  );
}
