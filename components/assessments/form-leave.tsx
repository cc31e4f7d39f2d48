'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { guardPage } from '@/lib/client/leave';

/** Where a click leads within this console, if it leaves the page. */
function destination(event: MouseEvent): string | null {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const elsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link?.href || elsewhere || link.target === '_blank' || link.hasAttribute('download') || link.origin !== window.location.origin) return null;
  return link.pathname === window.location.pathname ? null : link.pathname + link.search + link.hash;
}

/** The browser's Back and Forward, where it lets a page have a say: a second press in a row it does not ask about. */
function onTraverse(ask: (go: () => void) => void, mayLeave: () => boolean, signal: AbortSignal): void {
  const { navigation } = window;
  navigation?.addEventListener('navigate', (event) => {
    const { navigationType, cancelable, destination: to } = event;
    if (mayLeave() || navigationType !== 'traverse' || !cancelable || new URL(to.url).pathname === window.location.pathname) return;
    event.preventDefault();
    ask(() => navigation.traverseTo(to.key));
  }, { signal });
}

type Props = { active: boolean };

/** While there is something unsaved: asks before a link, a menu or the palette leaves and before Back does, and has the browser ask before it does. */
export function LeaveGuard({ active }: Props) {
  const router = useRouter();
  const [go, setGo] = useState<(() => void) | null>(null);
  const leaving = useRef(false);
  useEffect(() => {
    if (!active) return;
    const abort = new AbortController();
    const ask = (next: () => void) => setGo(() => next);
    const release = guardPage(ask);
    const onClick = (event: MouseEvent) => {
      const href = destination(event);
      if (href === null) return;
      event.preventDefault();
      event.stopPropagation();
      ask(() => router.push(href));
    };
    window.addEventListener('beforeunload', (event) => event.preventDefault(), { signal: abort.signal });
    document.addEventListener('click', onClick, { capture: true, signal: abort.signal });
    onTraverse(ask, () => leaving.current, abort.signal);
    return () => {
      release();
      abort.abort();
    };
  }, [active, router]);
  const leave = () => {
    leaving.current = true;
    go?.();
  };
  return (
    <ConfirmDialog open={go !== null} onClose={() => setGo(null)} title="Leave without saving?" confirmLabel="Leave" danger onConfirm={leave}>
      <p>What you typed here has not been saved and would be lost.</p>
    </ConfirmDialog>
  );
}
