'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { AuditPage } from '@/lib/rooms/auth/schema';
import { api } from './api';
import type { AuditQuestion } from './audit-query';
import { keys } from './keys';

const refreshMs = 30_000;

const ask = (query: AuditQuestion, signal: AbortSignal) => api<AuditPage>('/api/audit', { query, signal });

/** One page of the audit log; the newest one keeps asking. */
export function useAudit(question: AuditQuestion) {
  return useQuery({
    queryKey: keys.audit(question),
    queryFn: async ({ signal }) => {
      const page = await ask(question, signal);
      const { cursor, ...filters } = question;
      // The newest rows can be few: shown alone they would be a page of one or two, so the first whole page takes its place.
      return cursor?.startsWith('before-') && page.prevCursor === null ? ask(filters, signal) : page;
    },
    placeholderData: keepPreviousData,
    refetchInterval: question.cursor ? false : refreshMs,
  });
}
