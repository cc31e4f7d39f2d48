'use client';

import { Toaster } from 'sonner';

const classes = {
  toast: 'font-sans flex w-[22rem] max-w-[calc(100vw-2rem)] items-start gap-2.5 rounded-md border border-line bg-raised px-3.5 py-3 text-sm text-ink shadow-pop',
  title: 'font-medium',
  description: 'text-muted',
  success: '[&_[data-icon]]:text-ok',
  error: '[&_[data-icon]]:text-critical',
};

export function ThemedToaster() {
  return <Toaster position="bottom-right" toastOptions={{ unstyled: true, classNames: classes }} />;
}
