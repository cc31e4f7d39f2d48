'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useTransition } from 'react';
import { Button } from '@/components/ui/button';
import { MessagePage } from './message-page';

const outage = 'database_unavailable';
const againMs = 5000;

/** An error of the server as a page. An outage tries again by itself; anything else waits for the person. */
export function Failure({ digest, reset, full }: { digest: string | undefined; reset?: (() => void) | undefined; full: boolean }) {
  const router = useRouter();
  const [busy, start] = useTransition();
  const away = digest === outage;
  const again = () =>
    start(() => {
      router.refresh();
      reset?.();
    });
  useEffect(() => {
    if (!away) return;
    const timer = setInterval(again, againMs);
    return () => clearInterval(timer);
  });
  return (
    <MessagePage
      full={full}
      mark={away ? '503' : '500'}
      title={away ? 'The database cannot be reached' : 'Something went wrong on our side'}
      actions={<Button kind="primary" busy={busy} onClick={again}>Try again</Button>}
    >
      {away ? 'This page needs the console’s own database. It will appear by itself as soon as the database answers.' : <>The error is in the server’s log{digest ? <> under <code className="font-mono text-sm">{digest}</code></> : null}. Nothing was changed by it.</>}
    </MessagePage>
  );
}
