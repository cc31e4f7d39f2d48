import { Skeleton, SkeletonRows } from '@/components/ui/skeleton';

export default function Loading() {
  return (
    <div>
      <Skeleton className="h-6 w-40" />
      <Skeleton className="mt-2 mb-6 h-4 w-72 max-w-full" />
      <div className="panel-surface">
        <SkeletonRows rows={8} label="Page: loading" />
      </div>
    </div>
  );
}
