'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { AssessmentList, Stats } from '@/lib/rooms/assessments/schema';
import { api } from './api';
import { listAddress, type ListAddress } from './assessment-address';
import { keys } from './keys';
import { ApiError } from './problem';

const afterOutageMs = 2000;

/** The page of the list that the address names. The old rows stay while the next are on the way, and through an outage. */
export function useAssessmentList(address: URLSearchParams, first: { address: string; list: AssessmentList } | null) {
  const query = listAddress(address);
  return useQuery({
    queryKey: keys.assessments(query),
    queryFn: ({ signal }) => api<AssessmentList>('/api/assessments', { query, signal }),
    placeholderData: keepPreviousData,
    ...(first && first.address === JSON.stringify(query) ? { initialData: first.list } : {}),
    refetchInterval: ({ state }) => (state.error instanceof ApiError && state.error.isOutage ? afterOutageMs : false),
  });
}

/** How what the filters leave is distributed. */
export function useAssessmentStats(filters: ListAddress) {
  return useQuery({
    queryKey: keys.assessmentStats(filters),
    queryFn: ({ signal }) => api<Stats>('/api/assessments/stats', { query: filters, signal }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}
