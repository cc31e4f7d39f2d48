import type { ComponentProps } from 'react';
import { classNames } from './class-names';

const control = 'control-size control-surface text-ink placeholder:text-faint hover:border-muted disabled:opacity-60 aria-invalid:border-critical';

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input {...rest} className={classNames(control, className)} />;
}

export function Textarea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea {...rest} className={classNames(control, className)} />;
}

/** The platform's own list: right on a phone, with the keyboard and for screen readers. */
export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return <select {...rest} className={classNames(control, className)} />;
}

export function Checkbox({ className, ...rest }: Omit<ComponentProps<'input'>, 'type'>) {
  return <input {...rest} type="checkbox" className={classNames('size-4 shrink-0 accent-accent', className)} />;
}
