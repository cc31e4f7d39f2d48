'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';

/** Where a click leads within this console, if it leaves the page. */
function destination(event: MouseEvent): string | null {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const elsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link?.href || elsewhere || link.target === '_blank' || link.hasAttribute('download') || link.origin !== window.location.origin) return null;
  return link.pathname === window.location.pathname ? null : link.pathname + link.search + link.hash;
}

/** While there is something unsaved: asks before a link of ours leaves, and has the browser ask before it does. */
export function LeaveGuard({ active }: { active: boolean }) {
  const router = useRouter();
  const [to, setTo] = useState<string | null>(null);
  useEffect(() => {
    if (!active) return;
    const abort = new AbortController();
    const onClick = (event: MouseEvent) => {
      const href = destination(event);
      if (href === null) return;
      event.preventDefault();
      event.stopPropagation();
      setTo(href);
    };
    window.addEventListener('beforeunload', (event) => event.preventDefault(), { signal: abort.signal });
    document.addEventListener('click', onClick, { capture: true, signal: abort.signal });
    return () => abort.abort();
  }, [active]);
  const leave = () => {
    if (to !== null) router.push(to);
  };
  return (
    <ConfirmDialog open={to !== null} onClose={() => setTo(null)} title="Leave without saving?" confirmLabel="Leave" danger onConfirm={leave}>
      <p>What you typed here has not been saved and would be lost.</p>
    </ConfirmDialog>
  );
}
