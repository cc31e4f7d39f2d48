import type { ReactNode } from 'react';
import { classNames } from './class-names';

type Props = { title?: ReactNode; about?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string; /** No inner margin: a table or list brings its own. */ flush?: boolean; /** It is asking for what it shows. */ busy?: boolean };

export function Card({ title, about, actions, children, className, flush = false, busy }: Props) {
  return (
    <section aria-busy={busy} className={classNames('panel-surface min-w-0', className)}>
      {title ? (
        <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2">
          <h2 className="text-base font-semibold tracking-tight">{title}</h2>
          {about ? <p className="text-xs text-faint">{about}</p> : null}
          {actions ? <div className="ml-auto flex items-center gap-1.5">{actions}</div> : null}
        </header>
      ) : null}
      <div className={flush ? '' : 'p-4'}>{children}</div>
    </section>
  );
}

/** Label and value, in a grid of them. */
export function Fact({ label, children, note, className }: { label: string; children: ReactNode; note?: string | undefined; className?: string }) {
  return (
    <div className={classNames('min-w-0', className)}>
      <dt className="text-xs wrap-anywhere text-faint" title={note}>{label}</dt>
      <dd className="numeric mt-0.5 truncate text-base font-medium">{children}</dd>
    </div>
  );
}
