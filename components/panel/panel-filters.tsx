'use client';

import { Select } from '@/components/ui/input';
import { classNames } from '@/components/ui/class-names';
import { LateInput, SearchInput } from '@/components/ui/late-input';
import { useUrlState } from '@/lib/client/url-state';
import type { DiagnosticView, ParamView } from '@/lib/kit/result';
import { panelKeys } from './panel-state';

/** Search and parameters of a diagnostic, kept in the address. */
export function PanelFilters({ view, prefix, given = {} }: { view: DiagnosticView; prefix: string; /** Parameters that the page has set. */ given?: Record<string, string> }) {
  const { params, set } = useUrlState();
  const keys = panelKeys(view, prefix);
  return (
    <>
      {view.search.length > 0 ? (
        <SearchInput label={`Search ${view.title}`} value={params.get(keys.q) ?? ''} onChange={(value) => set({ [keys.q]: value })} maxLength={200} />
      ) : null}
      {view.params.filter(({ key }) => !(key in given)).map((param) => (
        <ParamControl key={param.key} param={param} value={params.get(keys.param(param.key)) ?? param.default} onChange={(value) => set({ [keys.param(param.key)]: value === param.default ? null : value })} />
      ))}
    </>
  );
}

function ParamControl({ param, value, onChange }: { param: ParamView; value: string; onChange: (value: string) => void }) {
  const { label, kind, choices = [] } = param;
  if (kind === 'choice') {
    return (
      <Select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)} className="h-7 w-auto text-xs">
        {choices.map((choice) => <option key={choice} value={choice}>{`${label}: ${choice}`}</option>)}
      </Select>
    );
  }
  return (
    <label className="flex items-center gap-1.5 text-xs whitespace-nowrap text-muted">
      {label}
      <LateInput label={label} type="text" inputMode={kind === 'number' ? 'decimal' : 'text'} value={value} onChange={onChange} className={classNames('numeric h-7 text-xs', kind === 'text' ? 'w-44' : 'w-20')} maxLength={200} />
    </label>
  );
}
