'use client';

import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState, type ReactNode } from 'react';
import { ApiError } from './problem';

const longestWaitMs = 10_000;

/** `onForbidden`: a page asks only what its person may know, so that somebody has changed their role since it was drawn. */
function create(onForbidden: () => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof ApiError && error.status === 403) onForbidden();
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5000,
        // An outage is worth asking again; a refusal stays one.
        retry: (failures, error) => failures < 1 && error instanceof ApiError && error.isOutage,
        retryDelay: (attempt) => Math.min(1000 * 2 ** attempt, longestWaitMs),
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  });
}

export function ClientProvider({ children }: { children: ReactNode }) {
  const router = useRouter();
  // Drawn again, the page and the menu are those of the new role, or say that there is none for it.
  const [client] = useState(() => create(() => router.refresh()));
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
