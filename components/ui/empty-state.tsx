import type { ReactNode } from 'react';

/** Nothing here, why, and what to do about it. */
export function EmptyState({ icon, title, children, action }: { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center px-6 py-12 text-center">
      {icon ? <div className="mb-3 flex size-10 items-center justify-center rounded-full bg-hover text-faint" aria-hidden>{icon}</div> : null}
      <p className="text-base font-medium">{title}</p>
      {children ? <div className="mt-1 max-w-prose text-sm text-muted text-pretty">{children}</div> : null}
      {action ? <div className="mt-4">{action}</div> : null}
    </div>
  );
}
