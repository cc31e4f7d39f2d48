'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ApiError } from './problem';

const longestWaitMs = 10_000;

function create(): QueryClient {
  return new QueryClient({
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
  const [client] = useState(create);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
