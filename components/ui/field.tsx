'use client';

import { useId, type ReactNode } from 'react';
import { classNames } from './class-names';

export type FieldControl = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined; required: boolean | undefined };

type Props = {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  required?: boolean;
  /** The label is read but not seen; `wide` where there is room for a heading of the column instead. */
  hiddenLabel?: boolean | 'wide';
  className?: string;
  children: (control: FieldControl) => ReactNode;
};

/** Label, control, hint and error, wired to one another: spread the given props on the control. */
export function Field({ label, hint, error, required, hiddenLabel = false, className, children }: Props) {
  const id = useId();
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  const control: FieldControl = { id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined, required };
  return (
    <div className={classNames('flex min-w-0 flex-col gap-1', className)}>
      <label htmlFor={id} className={hiddenLabel === true ? 'sr-only' : classNames('text-xs font-medium text-muted', hiddenLabel === 'wide' && 'lg:sr-only')}>
        {label}
      </label>
      {children(control)}
      {hint ? <p id={`${id}-hint`} className="text-xs text-faint">{hint}</p> : null}
      {error ? <p id={`${id}-error`} role="alert" className="text-xs text-critical first-letter:uppercase">{error}</p> : null}
    </div>
  );
}
