import Link from 'next/link';
import { CircleHelp } from 'lucide-react';
import { withTarget } from '@/components/shell/places';
import { Card } from '@/components/ui/card';
import type { FindingsAnswer } from '@/lib/kit/result';
import type { DiagnosticPlaces } from './all-findings';

export function UnmeasuredList({ items, places, target }: { items: FindingsAnswer['unmeasured']; places: DiagnosticPlaces; target: string }) {
  return (
    <Card title="Not measured" about={`${items.length} ${items.length === 1 ? 'question has' : 'questions have'} no answer`} flush>
      <ul className="divide-y divide-line">
        {items.map(({ diagnostic, reason }) => {
          const place = places[diagnostic];
          return (
            <li key={diagnostic} className="flex gap-3 px-4 py-3">
              <CircleHelp className="mt-0.5 size-4 shrink-0 text-faint" aria-hidden />
              <div className="min-w-0">
                <p className="text-sm font-medium">{place ? <Link href={withTarget(place.href, target)} className="hover:underline">{place.title}</Link> : diagnostic}</p>
                <p className="text-sm text-muted">{reason.says}</p>
              </div>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
