'use client';

import { usePathname, useSearchParams } from 'next/navigation';
import { useCallback } from 'react';

export type UrlChange = Record<string, string | null | readonly string[]>;

/** A query string with some keys changed; null and empty values leave it. */
export function changed(search: string, change: UrlChange): string {
  const next = new URLSearchParams(search);
  for (const [key, value] of Object.entries(change)) {
    next.delete(key);
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) if (typeof one === 'string' && one !== '') next.append(key, one);
  }
  return next.toString();
}

/**
 * The state of a page that lives in its address: filters, sort, tab. Changing it does not ask the server for the page
 * again: Next follows `history.replaceState`. The newest address is read, so that two changes at once both count.
 */
export function useUrlState() {
  const params = useSearchParams();
  const path = usePathname();
  const set = useCallback(
    (change: UrlChange, { step = false }: { /** A step of its own for the browser's Back. */ step?: boolean } = {}) => {
      // A page that was left meanwhile changes no address.
      if (window.location.pathname !== path) return;
      const search = changed(window.location.search, change);
      const address = search === '' ? path : `${path}?${search}`;
      if (step) window.history.pushState(null, '', address);
      else window.history.replaceState(null, '', address);
    },
    [path],
  );
  return { params, set };
}
