import type { ReactNode } from 'react';

/** A page that is only a message: not found, not allowed, failed. */
export function MessagePage({ mark, title, children, actions, full = false }: { mark: string; title: string; children: ReactNode; actions?: ReactNode; full?: boolean }) {
  return (
    <div className={full ? 'flex min-h-dvh items-center justify-center px-6' : 'flex min-h-[60vh] items-center justify-center'}>
      <div className="w-full max-w-md">
        <p className="font-mono text-xs text-faint">{mark}</p>
        <h1 className="mt-2 text-2xl font-semibold tracking-tight text-balance">{title}</h1>
        <div className="mt-2 text-base text-muted text-pretty">{children}</div>
        {actions ? <div className="mt-6 flex flex-wrap gap-2">{actions}</div> : null}
      </div>
    </div>
  );
}
