'use client';

import { useQuery } from '@tanstack/react-query';
import type { Assessment, AssessmentChange, NewAssessment } from '@/lib/rooms/assessments/schema';
import { api } from './api';
import { keys } from './keys';
import { ApiError } from './problem';

const everyMs = 15_000;

export const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** One assessment, from what the page was drawn with, and kept fresh. What was once deleted does not come back. */
export function useAssessment(first: Assessment) {
  const asked = useQuery({
    queryKey: keys.assessment(first.id),
    queryFn: ({ signal }) => api<Assessment>(`/api/assessments/${first.id}`, { signal }),
    initialData: first,
    refetchInterval: ({ state }) => (isGone(state.error) ? false : everyMs),
  });
  return { ...asked, data: newest(first, asked.data) };
}

/** A page that comes back from the browser's history can be older than what is known, and the other way round. */
export const newest = (first: Assessment, known: Assessment | undefined): Assessment => (known && known.version > first.version ? known : first);

/** @throws ApiError 422 with fields */
export const createAssessment = (assessment: NewAssessment): Promise<Assessment> => api('/api/assessments', { method: 'POST', body: assessment });

/** @throws ApiError 409 version_conflict, 422 with fields, 404 when it is gone */
export const changeAssessment = (id: string, change: AssessmentChange): Promise<Assessment> => api(`/api/assessments/${id}`, { method: 'PATCH', body: change });

/** @throws ApiError 409 version_conflict, 404 when it is gone */
export const deleteAssessment = (id: string, version: number): Promise<void> => api(`/api/assessments/${id}`, { method: 'DELETE', query: { version } });

/** The assessment as it is now, where a newer version is why a write was refused. */
export function currentOf(error: unknown): Assessment | null {
  if (!(error instanceof ApiError) || error.code !== 'version_conflict') return null;
  // The contract's own field: the whole of the assessment.
  return error.problem['current'] as Assessment;
}
