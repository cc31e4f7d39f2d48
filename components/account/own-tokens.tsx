'use client';

import { useState } from 'react';
import dynamic from 'next/dynamic';
import { Plus } from 'lucide-react';
import { Button } from '@/components/ui/button';
import type { Permission } from '@/lib/kit/permission';
import { TokensPanel } from './tokens-panel';

const NewTokenDialog = dynamic(() => import('./new-token-dialog').then((module) => module.NewTokenDialog), { ssr: false });

export function OwnTokens({ permissions }: { permissions: readonly Permission[] }) {
  const [open, setOpen] = useState(false);
  const [used, setUsed] = useState(false);
  const show = () => {
    setUsed(true);
    setOpen(true);
  };
  const actions = (
    <Button size="small" onClick={show}>
      <Plus className="size-3.5" aria-hidden />
      New token
    </Button>
  );
  return (
    <>
      <TokensPanel actions={actions} empty="A token lets a program of yours use the API, with as little of what you may do as it needs." />
      {used ? <NewTokenDialog open={open} onClose={() => setOpen(false)} permissions={permissions} /> : null}
    </>
  );
}
