import Link from 'next/link';
import type { ComponentProps } from 'react';
import { classNames } from './class-names';

export type ButtonKind = 'primary' | 'secondary' | 'ghost' | 'danger';
type Look = { kind?: ButtonKind; size?: 'small' | 'medium'; icon?: boolean };

const kinds: Record<ButtonKind, string> = {
  primary: 'bg-accent text-accent-ink hover:bg-accent-hover border border-transparent',
  secondary: 'bg-surface text-ink border border-control/60 hover:bg-hover',
  ghost: 'text-muted border border-transparent hover:bg-hover hover:text-ink',
  danger: 'bg-critical-solid text-white border border-transparent hover:brightness-110',
};

const base =
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors duration-100 select-none disabled:opacity-50 disabled:pointer-events-none aria-disabled:opacity-50';

/** The look of a button, for anything that has to be one. */
export function buttonClass({ kind = 'secondary', size = 'medium', icon = false }: Look): string {
  const room = size === 'small' ? (icon ? 'size-7 text-xs' : 'h-7 px-2 text-xs') : icon ? 'size-8 text-sm' : 'h-8 px-3 text-sm';
  return classNames(base, room, kinds[kind]);
}

type ButtonProps = ComponentProps<'button'> & Look & { busy?: boolean };

/** With `icon`, give it an aria-label: there is no text to read. */
export function Button({ kind, size, icon, busy = false, className, type = 'button', disabled, ...rest }: ButtonProps) {
  return <button {...rest} type={type === 'submit' ? 'submit' : 'button'} disabled={disabled || busy} aria-busy={busy || undefined} className={classNames(buttonClass(look(kind, size, icon)), className)} />;
}

export function LinkButton({ kind, size, icon, className, ...rest }: ComponentProps<typeof Link> & Look) {
  return <Link prefetch={false} {...rest} className={classNames(buttonClass(look(kind, size, icon)), className)} />;
}

function look(kind?: ButtonKind, size?: Look['size'], icon?: boolean): Look {
  return { ...(kind ? { kind } : {}), ...(size ? { size } : {}), ...(icon ? { icon } : {}) };
}
