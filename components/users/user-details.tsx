'use client';

import { useState } from 'react';
import dynamic from 'next/dynamic';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { ArrowLeft } from 'lucide-react';
import { SessionsPanel } from '@/components/account/sessions-panel';
import { TokensPanel } from '@/components/account/tokens-panel';
import { roleWords } from '@/components/account/words';
import { Badge } from '@/components/ui/badge';
import { Button, LinkButton } from '@/components/ui/button';
import { Fact } from '@/components/ui/card';
import { Notice } from '@/components/ui/notice';
import { PageHeader } from '@/components/ui/page-header';
import { RelativeTime } from '@/components/ui/relative-time';
import { useUsers } from '@/lib/client/use-accounts';
import type { UserView } from '@/lib/rooms/auth/schema';
import { StateDialog } from './state-dialog';
import { UserState } from './user-state';

const EditUserDialog = dynamic(() => import('./edit-user-dialog').then((module) => module.EditUserDialog), { ssr: false });
const ResetPasswordDialog = dynamic(() => import('./reset-password-dialog').then((module) => module.ResetPasswordDialog), { ssr: false });

type Asked = 'edit' | 'password' | 'state';

/** One account: what is known of it, what can be done to it, where it is signed in, and its tokens. */
export function UserDetails({ initial, own }: { initial: UserView; own: boolean }) {
  const router = useRouter();
  const user = useUsers().data?.find(({ id }) => id === initial.id) ?? initial;
  const [open, setOpen] = useState<Asked | null>(null);
  const [used, setUsed] = useState<ReadonlySet<Asked>>(new Set());
  const ask = (what: Asked) => {
    setUsed((before) => new Set(before).add(what));
    setOpen(what);
  };
  const about = (what: Asked) => ({ user, own, open: open === what, onClose: () => setOpen(null) });
  const actions = (
    <>
      <Button onClick={() => ask('edit')}>Edit</Button>
      <Button onClick={() => ask('password')}>Reset password</Button>
      <Button onClick={() => ask('state')}>{user.active ? 'Disable' : 'Enable'}</Button>
    </>
  );
  return (
    <>
      <Link href="/users" className="mb-1 inline-flex items-center gap-1 rounded-sm text-xs text-muted hover:text-ink">
        <ArrowLeft className="size-3.5" aria-hidden />
        Users
      </Link>
      <PageHeader title={<span className="inline-flex flex-wrap items-center gap-2">{user.name}{own ? <Badge>You</Badge> : null}</span>} about={user.email} actions={actions} />
      <div className="flex flex-col gap-4">
        {user.active ? null : <Notice tone="warning" title="This account is disabled">Nobody can sign in with it, and its API tokens are refused.</Notice>}
        <UserFacts user={user} />
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-2">
          <SessionsPanel userId={user.id} />
          <TokensPanel userId={user.id} empty="Nobody but the person can make some." />
        </div>
      </div>
      {used.has('edit') ? <EditUserDialog {...about('edit')} onChanged={() => own && router.refresh()} /> : null}
      {used.has('password') ? <ResetPasswordDialog {...about('password')} /> : null}
      <StateDialog {...about('state')} />
    </>
  );
}

function UserFacts({ user }: { user: UserView }) {
  const { id, email, role, active, lastSeenAt, createdAt } = user;
  return (
    <section aria-label="About the account" className="panel-surface flex flex-wrap items-center gap-x-6 gap-y-3 px-4 py-3">
      <dl className="grid grow grid-cols-[repeat(auto-fill,minmax(8.5rem,1fr))] gap-x-6 gap-y-3">
        <Fact label="Role" note={roleWords[role].about}>{roleWords[role].title}</Fact>
        <Fact label="State"><UserState active={active} /></Fact>
        <Fact label="Last seen" note="Last use of a session that is still open">{lastSeenAt ? <RelativeTime at={lastSeenAt} /> : '–'}</Fact>
        <Fact label="Created"><RelativeTime at={createdAt} /></Fact>
      </dl>
      <div className="flex flex-wrap gap-2">
        <LinkButton size="small" href={`/audit?actor=${encodeURIComponent(email)}`}>What they did</LinkButton>
        <LinkButton size="small" href={`/audit?object=user:${id}`}>What was done to the account</LinkButton>
      </div>
    </section>
  );
}
