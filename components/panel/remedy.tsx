import type { Remedy } from '@/lib/kit/finding';
import { SqlBlock } from './sql-block';

/** What mends it: SQL to copy, or the name of the console's own action. */
export function RemedyView({ remedy }: { remedy: Remedy }) {
  if ('sql' in remedy) return <SqlBlock sql={remedy.sql} label="What helps" />;
  return (
    <p className="text-xs text-muted">
      What helps: <code className="font-mono">{remedy.action}</code>
    </p>
  );
}
