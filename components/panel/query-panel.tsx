import type { ReactNode } from 'react';
import { CircleHelp, RotateCw } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { EmptyState } from '@/components/ui/empty-state';
import { Notice } from '@/components/ui/notice';
import { SkeletonRows } from '@/components/ui/skeleton';
import { messageOf } from '@/lib/client/problem';
import type { Unmeasured } from '@/lib/kit/result';
import { RemedyView } from './remedy';

/** Everything that a question can be. `kept` figures stay in sight whatever happens to the newest try. */
export type QueryState<T> =
  | { kind: 'pending' }
  | { kind: 'failed'; error: unknown }
  | { kind: 'unmeasured'; answer: Unmeasured }
  | { kind: 'empty'; data: T }
  | { kind: 'data'; data: T };

type Props<T> = { state: QueryState<T>; label: string; rows?: number; onRetry: () => void; empty: ReactNode; children: (data: T) => ReactNode };

/** One of five: on the way, failed, not measured, nothing there, data. Not measured never looks like nothing there. */
export function QueryPanel<T>({ state, label, rows = 6, onRetry, empty, children }: Props<T>) {
  switch (state.kind) {
    case 'pending':
      return <SkeletonRows rows={rows} label={`${label}: loading`} />;
    case 'failed':
      return (
        <div className="p-4">
          <Notice tone="critical" title="This could not be loaded" action={<Retry onRetry={onRetry} />}>{messageOf(state.error)}</Notice>
        </div>
      );
    case 'unmeasured':
      return <UnmeasuredView answer={state.answer} onRetry={onRetry} />;
    case 'empty':
      return <>{empty}</>;
    case 'data':
      return <>{children(state.data)}</>;
  }
}

export function Retry({ onRetry }: { onRetry: () => void }) {
  return (
    <Button size="small" onClick={onRetry}>
      <RotateCw className="size-3.5" aria-hidden />
      Try again
    </Button>
  );
}

/** No figures, why, and what to do. Grey rather than green or red: nothing is known. */
export function UnmeasuredView({ answer, onRetry }: { answer: Unmeasured; onRetry: () => void }) {
  return (
    <div>
      <EmptyState icon={<CircleHelp className="size-5" />} title="Not measured" action={<Retry onRetry={onRetry} />}>
        <p>{answer.reason.says}</p>
      </EmptyState>
      {answer.remedy ? <div className="mx-auto max-w-2xl px-4 pb-8"><RemedyView remedy={answer.remedy} /></div> : null}
    </div>
  );
}
