'use client';

import { useState } from 'react';
import { Laptop } from 'lucide-react';
import { AskedPanel } from '@/components/panel/asked-panel';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { EmptyState } from '@/components/ui/empty-state';
import { RelativeTime } from '@/components/ui/relative-time';
import { toast } from '@/components/ui/toast';
import { useAccountChanges, useSessions } from '@/lib/client/use-accounts';
import type { SessionView } from '@/lib/rooms/auth/schema';
import { deviceOf } from './device';

/** Where somebody is signed in: oneself, or with `userId` a person whom one manages. */
export function SessionsPanel({ userId }: { userId?: string }) {
  const asked = useSessions(userId);
  const { endSession } = useAccountChanges();
  const [ending, setEnding] = useState<SessionView | null>(null);
  const end = async () => {
    if (!ending) return;
    await endSession(ending.id);
    void toast('The session has ended', { tone: 'ok' });
  };
  return (
    <>
      <AskedPanel title="Sessions" about="Open ones, the last used first" asked={asked} rows={2} isEmpty={(sessions) => sessions.length === 0} empty={<EmptyState title="Not signed in anywhere" />}>
        {(sessions) => (
          <ul aria-label="Sessions" className="divide-y divide-line">
            {sessions.map((session) => <SessionItem key={session.id} session={session} onEnd={() => setEnding(session)} />)}
          </ul>
        )}
      </AskedPanel>
      <ConfirmDialog open={ending !== null} onClose={() => setEnding(null)} title="End this session?" confirmLabel="End session" danger onConfirm={end}>
        <p>
          <span className="font-medium text-ink">{deviceOf(ending?.userAgent ?? null)}</span> is signed out at its next request. What is typed there and not saved is lost.
        </p>
      </ConfirmDialog>
    </>
  );
}

function SessionItem({ session, onEnd }: { session: SessionView; onEnd: () => void }) {
  const { userAgent, address, current, createdAt, lastUsedAt, expiresAt } = session;
  const device = deviceOf(userAgent);
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <Laptop className="mt-0.5 size-4 shrink-0 text-faint" strokeWidth={1.75} aria-hidden />
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-x-2 text-sm">
          <span className="font-medium" title={userAgent ?? undefined}>{device}</span>
          {address ? <span className="font-mono text-xs text-muted">{address}</span> : null}
          {current ? <Badge tone="accent">This session</Badge> : null}
        </p>
        <p className="mt-0.5 flex flex-wrap gap-x-3 text-xs text-faint">
          <RelativeTime at={lastUsedAt} prefix="Used " />
          <RelativeTime at={createdAt} prefix="Signed in " />
          <RelativeTime at={expiresAt} prefix="Ends " />
        </p>
      </div>
      {current ? null : <Button size="small" aria-label={`End the session of ${device}`} onClick={onEnd}>End</Button>}
    </li>
  );
}
