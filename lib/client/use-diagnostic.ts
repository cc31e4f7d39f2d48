'use client';

import { useRef } from 'react';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import type { DiagnosticResult, DiagnosticView } from '@/lib/kit/result';
import { api } from './api';
import { keys } from './keys';
import { remember, type Remembered } from './remember';

type Options = { paused: boolean; /** False: not before a person says so. */ wanted: boolean };

/** Asks a diagnostic and keeps asking. Old rows stay while new ones are on the way, and through an outage. One that costs the server a scan is asked once, when it is wanted. */
export function useDiagnostic(view: DiagnosticView, query: Record<string, string>, { paused, wanted }: Options) {
  const once = view.onDemand !== null;
  const client = useQueryClient();
  const queryKey = keys.diagnostic(view.id, query);
  // Who opens a panel gets the answer that others share; who asks again wants one of this moment.
  const fresh = useRef(false);
  const asked = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const answer = await api<DiagnosticResult>(`/api/${view.room}/${view.name}`, { query, signal, fresh: fresh.current });
      return remember(client.getQueryData<Remembered>(queryKey), answer);
    },
    enabled: wanted,
    ...(once
      ? { staleTime: Infinity, retry: false, refetchOnReconnect: false, refetchOnWindowFocus: false }
      : { placeholderData: keepPreviousData, refetchInterval: paused ? false : view.refreshSeconds * 1000, refetchOnWindowFocus: !paused }),
  });
  const refresh = async () => {
    fresh.current = true;
    await asked.refetch();
    fresh.current = false;
  };
  return { ...asked, refresh };
}
