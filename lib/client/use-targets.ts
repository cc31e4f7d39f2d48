'use client';

import { useQuery } from '@tanstack/react-query';
import type { TargetView } from '@/lib/kit/result';
import { api } from './api';
import { keys } from './keys';

/** The observed databases, asked anew while the page is open: what was granted shows within the half minute. */
export const useTargets = () => useQuery({ queryKey: keys.targets, queryFn: async ({ signal }) => (await api<{ items: TargetView[] }>('/api/targets', { signal })).items, refetchInterval: 30_000 });
