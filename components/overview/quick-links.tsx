import Link from 'next/link';
import { ArrowRight } from 'lucide-react';
import { Card } from '@/components/ui/card';

export type QuickLink = { href: string; title: string; about: string };

/** Where the day usually begins. */
export function QuickLinks({ title, links }: { title: string; links: readonly QuickLink[] }) {
  return (
    <Card title={title} flush>
      <ul className="divide-y divide-line">
        {links.map(({ href, title: label, about }) => (
          <li key={href}>
            <Link href={href} prefetch={false} className="group flex items-center gap-3 px-4 py-3 hover:bg-hover focus-visible:outline-offset-[-2px]">
              <span className="min-w-0 grow">
                <span className="block text-sm font-medium">{label}</span>
                <span className="block text-xs text-faint">{about}</span>
              </span>
              <ArrowRight className="size-4 shrink-0 text-faint transition-transform group-hover:translate-x-0.5" aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
