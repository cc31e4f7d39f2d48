'use client';

import { Failure } from '@/components/shell/failure';

export default function RootError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main>
      <Failure digest={error.digest} reset={reset} full />
    </main>
  );
}
