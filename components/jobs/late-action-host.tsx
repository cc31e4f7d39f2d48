'use client';

import dynamic from 'next/dynamic';
import { useEffect, useState } from 'react';
import { onOpenAction } from '@/lib/client/open-action';
import type { Wish } from '@/lib/client/use-jobs';

const ActionHost = dynamic(() => import('./action-host').then((module) => module.ActionHost), { ssr: false });

/** Where the dialogs of actions appear; once, in the shell. They are loaded with the first one. */
export function LateActionHost() {
  const [wanted, setWanted] = useState<{ wishes: Wish[]; round: number } | null>(null);
  useEffect(() => onOpenAction((wishes) => setWanted((before) => ({ wishes, round: (before?.round ?? 0) + 1 }))), []);
  return wanted ? <ActionHost key={wanted.round} wishes={wanted.wishes} onClose={() => setWanted(null)} /> : null;
}
