import { classNames } from './class-names';

/** Holds the place of what is still on the way. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={classNames('animate-[shimmer_1.6s_ease-in-out_infinite] rounded-sm bg-hover', className)} />;
}

const widths = ['w-2/5', 'w-3/5', 'w-1/2', 'w-2/3', 'w-1/3'];

export function SkeletonRows({ rows, label }: { rows: number; label: string }) {
  return (
    <div className="divide-y divide-line">
      <output className="sr-only">{label}</output>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="flex h-10 items-center gap-6 px-4">
          <Skeleton className={classNames('h-3', widths[index % widths.length])} />
          <Skeleton className="ml-auto h-3 w-14" />
          <Skeleton className="h-3 w-14 max-sm:hidden" />
        </div>
      ))}
    </div>
  );
}
