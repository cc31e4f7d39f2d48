'use client';

import { useEffect, useId, useRef, type ReactNode } from 'react';
import { X } from 'lucide-react';
import { Button } from './button';
import { classNames } from './class-names';

type Props = { open: boolean; onClose: () => void; title: string; about?: ReactNode; children: ReactNode; footer?: ReactNode; size?: 'small' | 'medium' | 'large'; /** A click beside it does not close it: what it holds would be lost. */ keep?: boolean };

const widths = { small: 'max-w-md', medium: 'max-w-xl', large: 'max-w-4xl' };

/** A modal window. The platform's <dialog> keeps the focus inside, closes on Escape and gives the focus back. */
export function Dialog({ open, onClose, title, about, children, footer, size = 'small', keep = false }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const opener = useRef<Element | null>(null);
  // The platform gives the focus back to where it came from when a window closes, not when it is taken away while open.
  useEffect(() => {
    opener.current = open ? (opener.current ?? document.activeElement) : null;
    if (!open) return;
    return () => {
      if (document.activeElement !== null && document.activeElement !== document.body) return;
      const back = opener.current?.isConnected ? opener.current : document.getElementById('main');
      if (back instanceof HTMLElement) back.focus();
    };
  }, [open]);
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog || dialog.open === open) return;
    if (open) {
      dialog.showModal();
      // By itself it would begin at the closing cross, which is no help to somebody about to type.
      dialog.querySelector<HTMLElement>('input, select, textarea')?.focus();
    } else dialog.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      aria-labelledby={`${id}-title`}
      onClose={onClose}
      closedby={keep ? 'closerequest' : 'any'}
      className={classNames('w-[calc(100%-2rem)] rounded-lg border border-line bg-raised p-0 shadow-pop', widths[size])}
    >
      {open ? (
        <div className="flex max-h-[85vh] flex-col">
          <header className="flex items-start gap-3 px-5 pt-4 pb-3">
            <div className="min-w-0 grow">
              <h2 id={`${id}-title`} className="text-lg font-semibold tracking-tight">{title}</h2>
              {about ? <div className="mt-0.5 text-sm text-muted">{about}</div> : null}
            </div>
            <Button kind="ghost" size="small" icon aria-label="Close" onClick={onClose}>
              <X className="size-4" aria-hidden />
            </Button>
          </header>
          <div className="min-h-0 grow scroll-py-8 overflow-y-auto px-5 pb-5">{children}</div>
          {footer ? <footer className="flex flex-wrap justify-end gap-2 border-t border-line bg-sunken px-5 py-3">{footer}</footer> : null}
        </div>
      ) : null}
    </dialog>
  );
}

/** The buttons of a form that fills a dialog: in `footer` they would lie outside the form. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="-mx-5 mt-1 -mb-5 flex flex-wrap justify-end gap-2 border-t border-line bg-sunken px-5 py-3">{children}</div>;
}
