'use client';

import { useEffect, useState, type ComponentType } from 'react';

type Toast = { tone: 'ok' | 'error' | 'plain'; text: string; about?: string };

let wanted: (() => void) | undefined;

/** Says what happened, in passing. The library is loaded with the first one. */
export async function toast(text: string, options: Partial<Omit<Toast, 'text'>> = {}): Promise<void> {
  const { toast: say } = await import('sonner');
  wanted?.();
  const about = options.about === undefined ? {} : { description: options.about };
  if (options.tone === 'error') say.error(text, { ...about, duration: 8000 });
  else if (options.tone === 'ok') say.success(text, about);
  else say(text, about);
}

/** Where toasts appear; once, in the shell. */
export function ToastHost() {
  const [Host, setHost] = useState<ComponentType | null>(null);
  useEffect(() => {
    wanted = () => void import('./toaster').then((module) => setHost(() => module.ThemedToaster));
    return () => {
      wanted = undefined;
    };
  }, []);
  return Host ? <Host /> : null;
}
