'use client';

import { useEffect, useSyncExternalStore, type ReactNode } from 'react';
import Link from 'next/link';
import { usePathname, useSearchParams } from 'next/navigation';
import { ArrowLeft } from 'lucide-react';

const list = '/assessments';
const storageKey = 'riskdesk-assessments-list';

/** Remembers, in this tab, which filters and page of the list were last in sight. */
export function ListAddressKeeper() {
  const path = usePathname();
  const search = useSearchParams().toString();
  useEffect(() => {
    if (path === list) keep(search);
  }, [path, search]);
  return null;
}

/** A browser can refuse its storage: the way back is then to the whole list. */
function keep(search: string): void {
  try {
    sessionStorage.setItem(storageKey, search);
  } catch {}
}

function kept(): string {
  try {
    return sessionStorage.getItem(storageKey) ?? '';
  } catch {
    return '';
  }
}

const never = () => () => {};

/** Where the list was left. */
export function useListAddress(): string {
  const search = useSyncExternalStore(never, kept, () => '');
  return search === '' ? list : `${list}?${search}`;
}

export function BackToList() {
  return <BackLink href={useListAddress()}>Back to the list</BackLink>;
}

export function BackLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href} prefetch={false} className="-ml-1 mb-3 inline-flex h-7 items-center gap-1 rounded-sm px-1 text-xs text-muted hover:text-ink">
      <ArrowLeft className="size-3.5" aria-hidden />
      {children}
    </Link>
  );
}
