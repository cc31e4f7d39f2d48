import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { BrandMark } from '@/components/shell/brand';
import { SignInForm } from '@/components/sign-in/sign-in-form';
import { Notice } from '@/components/ui/notice';
import { hasAdministrator } from '@/lib/auth/users';
import { safeNext } from '@/lib/client/session';
import { database } from '@/lib/db/client';
import { currentCaller } from '@/lib/run/page';

export const metadata: Metadata = { title: 'Sign in' };

type State = 'ready' | 'no-administrator' | 'away';

async function stateOfAccounts(): Promise<State> {
  try {
    return (await hasAdministrator(database())) ? 'ready' : 'no-administrator';
  } catch {
    return 'away';
  }
}

export default async function SignInPage({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const asked = (await searchParams)['next'];
  const next = safeNext(typeof asked === 'string' ? asked : null);
  const state = await stateOfAccounts();
  if (state !== 'away' && (await currentCaller().catch(() => null))) redirect(next);
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center px-5 py-10">
      <div className="w-full max-w-[22rem]">
        <BrandMark className="size-9" />
        <h1 className="mt-5 text-2xl font-semibold tracking-tight">Sign in to Riskdesk</h1>
        <p className="mt-1 mb-6 text-sm text-muted">Risk assessments, and the PostgreSQL under them.</p>
        {state === 'away' ? <Notice tone="warning" title="The database cannot be reached" className="mb-4">Signing in works as soon as it answers.</Notice> : null}
        {state === 'no-administrator' ? (
          <Notice tone="info" title="There is no administrator yet" className="mb-4">
            Set <code className="font-mono text-xs">ADMIN_EMAIL</code> and <code className="font-mono text-xs">ADMIN_PASSWORD</code> and start the console again: it creates the account.
          </Notice>
        ) : null}
        <SignInForm next={next} />
      </div>
    </main>
  );
}
