'use client';

import { useState } from 'react';
import dynamic from 'next/dynamic';
import { Plus } from 'lucide-react';
import { Button } from '@/components/ui/button';

const NewUserDialog = dynamic(() => import('./new-user-dialog').then((module) => module.NewUserDialog), { ssr: false });

export function NewUserButton() {
  const [open, setOpen] = useState(false);
  const [used, setUsed] = useState(false);
  const show = () => {
    setUsed(true);
    setOpen(true);
  };
  return (
    <>
      <Button kind="primary" onClick={show}>
        <Plus className="size-4" aria-hidden />
        New user
      </Button>
      {used ? <NewUserDialog open={open} onClose={() => setOpen(false)} /> : null}
    </>
  );
}
