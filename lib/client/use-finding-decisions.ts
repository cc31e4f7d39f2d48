'use client';

import { useQueryClient } from '@tanstack/react-query';
import type { NewDecision } from '@/lib/kit/result';
import { api } from './api';
import { keys } from './keys';

/** What can be decided about a target's findings; the list is asked again after each. @throws ApiError */
export function useFindingDecisions(target: string) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: keys.findings(target) });
  return {
    decide: async (id: string, decision: Omit<NewDecision, 'target'>) => {
      await api<void>(`/api/findings/${id}/decision`, { method: 'PUT', body: { target, ...decision } });
      await refresh();
    },
    takeBack: async (id: string) => {
      await api<void>(`/api/findings/${id}/decision`, { method: 'DELETE', query: { target } });
      await refresh();
    },
  };
}
