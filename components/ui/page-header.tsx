import type { ReactNode } from 'react';

/** The one h1 of a page. */
export function PageHeader({ title, about, actions, children }: { title: ReactNode; about?: ReactNode; actions?: ReactNode; children?: ReactNode }) {
  return (
    <header className="flex flex-wrap items-end gap-x-4 gap-y-3 pb-5">
      <div className="min-w-0 grow basis-64">
        <h1 className="text-xl font-semibold tracking-tight text-balance">{title}</h1>
        {about ? <p className="mt-0.5 text-sm text-muted">{about}</p> : null}
      </div>
      {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      {children ? <div className="min-w-0 basis-full">{children}</div> : null}
    </header>
  );
}
