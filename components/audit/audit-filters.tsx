'use client';

import { X } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { classNames } from '@/components/ui/class-names';
import { FilterSelect } from '@/components/ui/filter-select';
import { LateInput } from '@/components/ui/late-input';
import { auditFilters, withFilter, type AuditFilter } from '@/lib/client/audit-query';
import { useUrlState } from '@/lib/client/url-state';
import { outcomes } from '@/lib/rooms/auth/values';

const texts: { filter: AuditFilter; label: string; placeholder: string; most: number; width: string }[] = [
  { filter: 'actor', label: 'Actor', placeholder: 'Actor’s e-mail', most: 320, width: 'sm:max-w-40' },
  { filter: 'action', label: 'Action', placeholder: 'Action', most: 100, width: 'sm:max-w-28' },
  { filter: 'object', label: 'Object', placeholder: 'Object', most: 300, width: 'sm:max-w-28' },
];

const days: { filter: AuditFilter; label: string }[] = [
  { filter: 'from', label: 'From' },
  { filter: 'to', label: 'To' },
];

/** Each is one exact value; days are whole ones, UTC, the last included. */
export function AuditFilters() {
  const { params, set } = useUrlState();
  const value = (filter: AuditFilter) => params.get(filter) ?? '';
  return (
    <>
      {texts.map(({ filter, label, placeholder, most, width }) => (
        <LateInput key={filter} label={label} placeholder={placeholder} maxLength={most} value={value(filter)} onChange={(text) => set(withFilter(filter, text))} className={classNames('h-7 min-w-28 grow basis-28 text-xs', width)} />
      ))}
      <FilterSelect label="Outcome" value={value('outcome')} onChange={(chosen) => set(withFilter('outcome', chosen))}>
        <option value="">Any outcome</option>
        {outcomes.map((outcome) => <option key={outcome} value={outcome}>{outcome.charAt(0).toUpperCase() + outcome.slice(1)}</option>)}
      </FilterSelect>
      {days.map(({ filter, label }) => (
        <label key={filter} title="A whole day, UTC" className="flex items-center gap-1.5 text-xs text-muted">
          {label}
          <LateInput label={label} type="date" min="2000-01-01" max="2199-12-31" value={value(filter)} onChange={(day) => set(withFilter(filter, day))} className="numeric h-7 w-30 px-2 text-xs" />
        </label>
      ))}
      {auditFilters.some((filter) => params.has(filter)) ? (
        <Button kind="ghost" size="small" icon aria-label="Clear the filters" title="Clear the filters" onClick={() => set({ ...Object.fromEntries(auditFilters.map((filter) => [filter, null])), cursor: null })}>
          <X className="size-3.5" aria-hidden />
        </Button>
      ) : null}
    </>
  );
}
