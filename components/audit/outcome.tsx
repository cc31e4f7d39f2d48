import { Badge } from '@/components/ui/badge';
import type { AuditItem } from '@/lib/rooms/auth/schema';

/** What went well is the most of a log, and the least of its news. */
export function Outcome({ outcome }: { outcome: AuditItem['outcome'] }) {
  const word = <span className="first-letter:uppercase">{outcome}</span>;
  if (outcome === 'success') return <span className="inline-flex text-muted">{word}</span>;
  return <Badge tone={outcome === 'failed' ? 'critical' : 'warning'}>{word}</Badge>;
}
