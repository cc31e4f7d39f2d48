'use client';

import { useState, type ReactNode } from 'react';
import { KeyRound } from 'lucide-react';
import { AskedPanel } from '@/components/panel/asked-panel';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { EmptyState } from '@/components/ui/empty-state';
import { RelativeTime } from '@/components/ui/relative-time';
import { toast } from '@/components/ui/toast';
import { useAccountChanges, useTokens } from '@/lib/client/use-accounts';
import { useNow } from '@/lib/client/use-now';
import type { TokenView } from '@/lib/rooms/auth/schema';
import { permissionWords } from './words';

/** API tokens without their text: one's own, or with `userId` those of a person whom one manages. */
export function TokensPanel({ userId, actions, empty }: { userId?: string; actions?: ReactNode; empty: string }) {
  const asked = useTokens(userId);
  const { revokeToken } = useAccountChanges();
  const [revoking, setRevoking] = useState<TokenView | null>(null);
  const revoke = async () => {
    if (!revoking) return;
    await revokeToken(revoking.id);
    void toast(`${revoking.name} is revoked`, { tone: 'ok' });
  };
  return (
    <>
      <AskedPanel title="API tokens" about="For programs" actions={actions} asked={asked} rows={2} isEmpty={(tokens) => tokens.length === 0} empty={<EmptyState icon={<KeyRound className="size-5" />} title="No API tokens">{empty}</EmptyState>}>
        {(tokens) => (
          <ul aria-label="API tokens" className="divide-y divide-line">
            {tokens.map((token) => <TokenItem key={token.id} token={token} onRevoke={() => setRevoking(token)} />)}
          </ul>
        )}
      </AskedPanel>
      <ConfirmDialog open={revoking !== null} onClose={() => setRevoking(null)} title={`Revoke ${revoking?.name ?? ''}?`} confirmLabel="Revoke token" danger onConfirm={revoke}>
        <p>Whatever uses <code className="font-mono text-xs text-ink">{revoking?.hint}…</code> is refused from its next request on. A revoked token cannot be brought back.</p>
      </ConfirmDialog>
    </>
  );
}

function TokenItem({ token, onRevoke }: { token: TokenView; onRevoke: () => void }) {
  const { name, hint, scopes, createdAt, expiresAt, lastUsedAt } = token;
  const expired = useNow() > Date.parse(expiresAt ?? '');
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <KeyRound className="mt-0.5 size-4 shrink-0 text-faint" strokeWidth={1.75} aria-hidden />
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-x-2 text-sm">
          <span className="font-medium wrap-anywhere">{name}</span>
          <span className="font-mono text-xs text-muted">{hint}…</span>
          {expired ? <Badge tone="warning">Expired</Badge> : null}
        </p>
        <ul aria-label={`Scopes of ${name}`} className="mt-1 flex flex-wrap gap-1">
          {scopes.map((scope) => <li key={scope} title={permissionWords[scope]} className="rounded-sm bg-hover px-1.5 font-mono text-2xs leading-5 text-muted">{scope}</li>)}
        </ul>
        <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-faint">
          {lastUsedAt ? <RelativeTime at={lastUsedAt} prefix="Used " /> : <span>Never used</span>}
          <RelativeTime at={createdAt} prefix="Made " />
          {expiresAt ? <RelativeTime at={expiresAt} prefix={expired ? 'Expired ' : 'Expires '} /> : <span>Does not expire</span>}
        </p>
      </div>
      <Button size="small" aria-label={`Revoke ${name}`} onClick={onRevoke}>Revoke</Button>
    </li>
  );
}
