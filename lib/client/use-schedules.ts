'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { NewSchedule, ScheduleChange, ScheduleView } from '@/lib/kit/schedule';
import { api } from './api';
import { keys } from './keys';

const refreshMs = 15_000;

/** Every schedule, the next ones first. */
export const useSchedules = () => useQuery({ queryKey: keys.schedules, queryFn: async ({ signal }) => (await api<{ items: ScheduleView[] }>('/api/schedules', { signal })).items, refetchInterval: refreshMs });

/** What changes schedules; the list is asked again, after a refusal too. @throws ApiError */
export function useScheduleChanges() {
  const client = useQueryClient();
  const send = async <T>(...question: Parameters<typeof api>): Promise<T> => {
    try {
      return await api<T>(...question);
    } finally {
      void client.invalidateQueries({ queryKey: keys.schedules });
    }
  };
  return {
    create: (body: NewSchedule) => send<ScheduleView>('/api/schedules', { method: 'POST', body }),
    change: (id: string, body: ScheduleChange) => send<ScheduleView>(`/api/schedules/${id}`, { method: 'PATCH', body }),
    remove: (id: string) => send<void>(`/api/schedules/${id}`, { method: 'DELETE' }),
  };
}
