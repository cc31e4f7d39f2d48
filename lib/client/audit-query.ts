import type { UrlChange } from './url-state';

export const auditFilters = ['actor', 'action', 'object', 'outcome', 'from', 'to'] as const;
export type AuditFilter = (typeof auditFilters)[number];
export type AuditQuestion = Partial<Record<AuditFilter | 'cursor', string>>;

/** A day's end is the next day's beginning: people mean the last day with all its hours, the API's `to` is exclusive. */
export function dayAfter(day: string): string {
  const start = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(day) : Number.NaN;
  return Number.isNaN(start) ? day : new Date(start + 86_400_000).toISOString().slice(0, 10);
}

/** The question as the address states it. */
export function auditQuestion(address: URLSearchParams): AuditQuestion {
  const question: AuditQuestion = {};
  for (const key of [...auditFilters, 'cursor'] as const) {
    const value = address.get(key);
    if (value) question[key] = key === 'to' ? dayAfter(value) : value;
  }
  return question;
}

/** A filter changes, and the page begins anew. */
export const withFilter = (filter: AuditFilter, value: string): UrlChange => ({ [filter]: value, cursor: null });
