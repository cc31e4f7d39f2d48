'use client';

import { useMutation } from '@tanstack/react-query';
import type { ExplainAnswer, ExplainBody } from '@/lib/rooms/plans/schema';
import { api } from './api';

/** Asks for a plan. A person asks, never a timer: each answer costs the server a plan or a run. */
export const useExplain = () => useMutation({ mutationFn: (body: ExplainBody) => api<ExplainAnswer>('/api/plans/explain', { method: 'POST', body }) });
