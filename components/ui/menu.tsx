'use client';

import { createContext, use, useCallback, useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { buttonClass, type ButtonKind } from './button';
import { classNames } from './class-names';

type Props = { label: string; trigger: ReactNode; children: ReactNode; kind?: ButtonKind; size?: 'small' | 'medium'; align?: 'start' | 'end'; icon?: boolean; /** `controls` is a small form, such as a list of check boxes. */ holds?: 'items' | 'controls' };

const CloseMenu = createContext<() => void>(() => {});
const reachable = '[role^=menuitem], input, button';
const step: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

function moveFocus(list: HTMLElement, event: KeyboardEvent): void {
  const items = [...list.querySelectorAll<HTMLElement>(reachable)];
  const at = items.findIndex((item) => item === document.activeElement);
  const by = step[event.key];
  const to = by === undefined ? (event.key === 'Home' ? 0 : event.key === 'End' ? items.length - 1 : null) : (at + by + items.length) % items.length;
  if (to === null) return;
  event.preventDefault();
  items[to]?.focus();
}

/** While open: arrows move, Escape closes and gives the focus back, Tab and a click elsewhere close. */
function useOpenMenu(open: boolean, close: (back: boolean) => void) {
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const menu = root.current;
    const list = menu?.querySelector<HTMLElement>('[data-menu]');
    if (!open || !menu || !list) return;
    const abort = new AbortController();
    const outside = (event: Event) => event.target instanceof Node && !menu.contains(event.target) && close(false);
    const onKey = (event: KeyboardEvent) => (event.key === 'Escape' ? close(true) : moveFocus(list, event));
    document.addEventListener('pointerdown', outside, { signal: abort.signal });
    document.addEventListener('focusin', outside, { signal: abort.signal });
    menu.addEventListener('keydown', onKey, { signal: abort.signal });
    list.querySelector<HTMLElement>(reachable)?.focus();
    return () => abort.abort();
  }, [open, close]);
  return root;
}

/** A button and what it opens. */
export function Menu({ label, trigger, children, kind = 'ghost', size = 'medium', align = 'end', icon = false, holds = 'items' }: Props) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = useCallback((back: boolean) => {
    setOpen(false);
    if (back) button.current?.focus();
  }, []);
  const root = useOpenMenu(open, close);
  const closeFromItem = useCallback(() => close(true), [close]);
  return (
    <div ref={root} className="relative">
      <button ref={button} type="button" aria-label={label} aria-haspopup={holds === 'items' ? 'menu' : 'true'} aria-expanded={open} aria-controls={open ? id : undefined} className={buttonClass({ kind, size, icon })} onClick={() => setOpen(!open)}>
        {trigger}
      </button>
      {open ? (
        <div
          data-menu
          id={id}
          role={holds === 'items' ? 'menu' : 'group'}
          aria-label={label}
          className={classNames('absolute top-full z-40 mt-1 max-h-[70vh] min-w-48 overflow-y-auto rounded-lg border border-line bg-raised p-1 text-sm shadow-pop', align === 'end' ? 'right-0' : 'left-0')}
        >
          <CloseMenu value={closeFromItem}>{children}</CloseMenu>
        </div>
      ) : null}
    </div>
  );
}

/** What an item does, after the menu has closed. */
function useSelect(onSelect: () => void): () => void {
  const close = use(CloseMenu);
  return () => {
    close();
    onSelect();
  };
}

const item = 'flex w-full items-center gap-2 rounded-md px-2 py-1.5 text-left text-sm text-ink hover:bg-hover focus-visible:bg-hover focus-visible:outline-none';

export function MenuItem({ children, onSelect, danger = false }: { children: ReactNode; onSelect: () => void; danger?: boolean }) {
  const select = useSelect(onSelect);
  return (
    <button type="button" role="menuitem" tabIndex={-1} className={classNames(item, danger && 'text-critical')} onClick={select}>
      {children}
    </button>
  );
}

export function MenuChoice({ children, checked, onSelect }: { children: ReactNode; checked: boolean; onSelect: () => void }) {
  const select = useSelect(onSelect);
  return (
    <button type="button" role="menuitemradio" aria-checked={checked} tabIndex={-1} className={classNames(item, checked && 'font-medium text-accent')} onClick={select}>
      {children}
    </button>
  );
}

/** The button under a menu's controls: closes and does it. */
export function MenuFooter({ children, onSelect }: { children: ReactNode; onSelect: () => void }) {
  const select = useSelect(onSelect);
  return (
    <button type="button" className="mt-1 w-full rounded-md border-t border-line px-2 py-1.5 text-left text-muted hover:bg-hover" onClick={select}>
      {children}
    </button>
  );
}
