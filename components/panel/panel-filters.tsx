'use client';

import { useState } from 'react';
import { FilterSelect } from '@/components/ui/filter-select';
import { classNames } from '@/components/ui/class-names';
import { LateInput, SearchInput } from '@/components/ui/late-input';
import { useUrlState } from '@/lib/client/url-state';
import type { DiagnosticView, ParamView } from '@/lib/kit/result';
import { formatAmount, parseAmount, type TypedUnit } from '@/lib/units';
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
      <FilterSelect label={label} value={value} onChange={onChange}>
        {choices.map((choice) => <option key={choice} value={choice}>{`${label}: ${choice}`}</option>)}
      </FilterSelect>
    );
  }
  if (param.unit) return <AmountControl label={label} unit={param.unit} value={value} onChange={onChange} />;
  return (
    <label className="flex items-center gap-1.5 text-xs whitespace-nowrap text-muted">
      {label}
      <LateInput label={label} type="text" inputMode={kind === 'number' ? 'decimal' : 'text'} value={value} onChange={onChange} className={classNames('numeric h-7 text-xs', kind === 'text' ? 'w-44' : 'w-20')} maxLength={200} />
    </label>
  );
}

const examples: Record<TypedUnit, string> = { bytes: 'An amount such as 100 MB', ms: 'A time such as 30 s or 5 min', ratio: 'A share such as 75 %' };

/** The form shows units, so the label need not. */
const withoutUnit = (label: string): string => label.replace(/ \((?:bytes|ms|share, 0–1|0–1)\)$/, '').replace(/\((?:bytes|ms), /, '(');

/** An amount with its unit. What was typed stays as it is while the field has the focus. */
function AmountControl({ label, unit, value, onChange }: { label: string; unit: TypedUnit; value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const amount = typed === null ? null : parseAmount(typed, unit);
  const wrong = typed !== null && typed !== '' && (amount === null || (unit === 'ratio' && amount > 1));
  const known = parseAmount(value, unit);
  const written = known === null ? value : formatAmount(known, unit);
  const change = (text: string) => {
    setTyped(text);
    const meant = parseAmount(text, unit);
    if (text === '') onChange('');
    else if (meant !== null && !(unit === 'ratio' && meant > 1)) onChange(String(meant));
  };
  const shown = typed !== null && (wrong || typed === '' || amount === known) ? typed : written;
  const name = withoutUnit(label);
  return (
    <label className="flex items-center gap-1.5 text-xs whitespace-nowrap text-muted">
      {name}
      <LateInput label={name} type="text" value={shown} onChange={change} onBlur={() => wrong || setTyped(null)} aria-invalid={wrong || undefined} title={examples[unit]} className="numeric h-7 w-20 text-xs" maxLength={40} />
    </label>
  );
}
