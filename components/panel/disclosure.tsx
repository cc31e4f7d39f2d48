import type { ReactNode } from 'react';
import { ChevronRight } from 'lucide-react';

/** More, for those who want it. */
export function Disclosure({ summary, children }: { summary: ReactNode; children: ReactNode }) {
  return (
    <details className="group">
      <summary className="inline-flex items-center gap-1 rounded-sm text-xs font-medium text-muted hover:text-ink">
        <ChevronRight className="size-3.5 transition-transform group-open:rotate-90" aria-hidden />
        {summary}
      </summary>
      <div className="mt-2">{children}</div>
    </details>
  );
}
