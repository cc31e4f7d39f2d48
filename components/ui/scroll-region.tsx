import type { ComponentProps } from 'react';
import { classNames } from './class-names';

/** A part that scrolls by itself. A keyboard scrolls only what it can focus, so it takes the focus although it is no control. */
export function ScrollRegion({ label, className, ...rest }: ComponentProps<'section'> & { label: string }) {
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
  return <section {...rest} aria-label={label} tabIndex={0} className={classNames('focus-visible:outline-offset-[-2px]', className)} />;
}
