'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { isOpen, type Ending, type JobView, type PreviewView } from '@/lib/kit/job';
import type { ActionView } from '@/lib/kit/result';
import { api } from './api';
import { keys } from './keys';

const busyMs = 1500;
const idleMs = 15_000;

/** The newest jobs, those that are open first; asked often while one is. */
export const useJobs = (limit: number, state: 'any' | 'open' | 'ended' = 'any') =>
  useQuery({
    queryKey: keys.jobs(limit, state),
    queryFn: async ({ signal }) => (await api<{ items: JobView[] }>('/api/jobs', { query: { limit, state }, signal })).items,
    refetchInterval: ({ state: of }) => (of.data?.some((job) => isOpen(job.state)) ? busyMs : idleMs),
  });

/** One job, until it has ended. */
export const useJob = (id: string) =>
  useQuery({
    queryKey: keys.job(id),
    queryFn: ({ signal }) => api<JobView>(`/api/jobs/${id}`, { signal }),
    refetchInterval: ({ state }) => (state.data && !isOpen(state.data.state) ? false : 700),
  });

/** The actions that the person may begin. */
export const useActions = (enabled = true) => useQuery({ queryKey: keys.actions, queryFn: async ({ signal }) => (await api<{ items: ActionView[] }>('/api/actions', { signal })).items, staleTime: Infinity, enabled });

export type Wish = { action: string; target: string; params: Record<string, string> };

const pathOf = (action: string): `/api/${string}` => `/api/${action.replace('.', '/')}`;

/** What an action would do now, with its seal. @throws ApiError guard_refused with the guards */
export const previewAction = ({ action, target, params }: Wish) => api<PreviewView>(`${pathOf(action)}?preview`, { method: 'POST', body: { target, params } });

/** What changes jobs; everything that shows them is asked again. @throws ApiError */
export function useJobChanges() {
  const client = useQueryClient();
  const again = () => void client.invalidateQueries({ queryKey: keys.allJobs });
  return {
    run: async ({ action, target, params }: Wish, seal: string, more: { confirm?: string; group?: string } = {}): Promise<string> => {
      try {
        return (await api<{ jobId: string }>(pathOf(action), { method: 'POST', body: { target, params, seal, ...more } })).jobId;
      } finally {
        again();
      }
    },
    approve: async (id: string): Promise<void> => {
      try {
        await api(`/api/jobs/${id}/approval`, { method: 'POST', body: {} });
      } finally {
        again();
      }
    },
    cancel: async (id: string, how: Ending = 'cancel'): Promise<void> => {
      try {
        await api(`/api/jobs/${id}`, { method: 'DELETE', query: { how } });
      } finally {
        again();
      }
    },
    /** What a job has changed is measured anew. */
    measureAgain: () => void client.invalidateQueries({ queryKey: keys.everyDiagnostic }),
  };
}
