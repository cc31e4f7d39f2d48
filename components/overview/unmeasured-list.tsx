import Link from 'next/link';
import { CircleHelp } from 'lucide-react';
import { withTarget } from '@/components/shell/places';
import { Card } from '@/components/ui/card';
import type { FindingsAnswer } from '@/lib/kit/result';

/** Where a diagnostic is shown, by its id. */
export type DiagnosticPlaces = Record<string, { href: string; room: string; title: string }>;

/** What could not be asked, by its reason: one reason often stands before several questions. */
export function UnmeasuredList({ items, places, target }: { items: FindingsAnswer['unmeasured']; places: DiagnosticPlaces; target: string }) {
  const reasons = [...new Set(items.map(({ reason }) => reason.says))];
  return (
    <Card title="Not measured" about={`${items.length} ${items.length === 1 ? 'question has' : 'questions have'} no answer`} flush>
      <ul className="divide-y divide-line">
        {reasons.map((says) => (
          <li key={says} className="flex gap-3 px-4 py-3">
            <CircleHelp className="mt-0.5 size-4 shrink-0 text-faint" aria-hidden />
            <div className="min-w-0">
              <ul className="flex flex-wrap gap-x-4 text-sm font-medium">
                {items.filter(({ reason }) => reason.says === says).map(({ diagnostic }) => {
                  const place = places[diagnostic];
                  return <li key={diagnostic}>{place ? <Link href={withTarget(place.href, target)} prefetch={false} className="inline-block py-0.5 hover:underline">{place.title}</Link> : diagnostic}</li>;
                })}
              </ul>
              <p className="mt-0.5 text-sm text-muted">{says}</p>
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
