'use client';

import { Failure } from '@/components/shell/failure';

export default function ConsoleError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return <Failure digest={error.digest} reset={reset} full={false} />;
}
