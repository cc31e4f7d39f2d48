'use client';

import { X } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { SearchInput } from '@/components/ui/late-input';
import { useAssessmentStats } from '@/lib/client/use-assessment-list';
import type { UrlChange } from '@/lib/client/url-state';
import { filterNames, riskLevels, statuses } from '@/lib/rooms/assessments/values';
import { ChoiceFilter } from './choice-filter';
import { countryName } from './country-name';
import { RangeFilter } from './range-filter';

type Props = { address: URLSearchParams; me: string; onChange: (change: UrlChange) => void };

const none: Record<string, string[]> = {};
const named = (values: readonly string[]) => values.map((value) => ({ value, label: value.charAt(0).toUpperCase() + value.slice(1) }));

/** Everything by which the list can be narrowed; the address holds it. */
export function ListFilters({ address, me, onChange }: Props) {
  const { data: all } = useAssessmentStats(none);
  const chosen = (key: string) => address.getAll(key);
  const industries = (all?.byIndustry ?? []).flatMap(({ industry }) => (industry ? [{ value: industry, label: industry }] : []));
  const countries = (all?.byCountry ?? []).flatMap(({ country }) => (country ? [{ value: country, label: countryName(country) }] : []));
  const choice = (key: string, label: string, options: { value: string; label: string }[]) => (
    <ChoiceFilter label={label} options={options} chosen={chosen(key)} onChoose={(values) => onChange({ [key]: values })} />
  );
  const mine = address.get('userId') === me;
  const narrowed = filterNames.some((key) => address.has(key));
  return (
    <>
      <SearchInput label="Search assessments by name" placeholder="Search by name" className="sm:max-w-44" value={address.get('q') ?? ''} onChange={(q) => onChange({ q })} maxLength={255} />
      {choice('status', 'Status', named(statuses))}
      {choice('riskLevel', 'Level', named(riskLevels))}
      {choice('industry', 'Industry', industries)}
      {choice('country', 'Country', countries)}
      <RangeFilter label="Score" kind="number" from={address.get('minScore')} to={address.get('maxScore')} onChange={(from, to) => onChange({ minScore: from, maxScore: to })} />
      <RangeFilter label="Created" kind="date" from={address.get('createdFrom')} to={address.get('createdTo')} onChange={(from, to) => onChange({ createdFrom: from, createdTo: to })} />
      <Button size="small" aria-pressed={mine} className={mine ? 'border-accent text-accent' : ''} onClick={() => onChange({ userId: mine ? null : me })}>Mine</Button>
      {narrowed ? (
        <Button kind="ghost" size="small" onClick={() => onChange(Object.fromEntries(filterNames.map((key) => [key, null])))}>
          <X className="size-3.5" aria-hidden />
          Clear
        </Button>
      ) : null}
    </>
  );
}
