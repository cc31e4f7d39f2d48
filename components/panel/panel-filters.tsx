'use client';

import { useEffect, useState } from 'react';
import { Search } from 'lucide-react';
import { Input, Select } from '@/components/ui/input';
import { useUrlState } from '@/lib/client/url-state';
import type { DiagnosticView, ParamView } from '@/lib/kit/result';
import { panelKeys } from './panel-state';

/** Search and parameters of a diagnostic, kept in the address. */
export function PanelFilters({ view, prefix }: { view: DiagnosticView; prefix: string }) {
  const { params, set } = useUrlState();
  const keys = panelKeys(view, prefix);
  return (
    <>
      {view.search.length > 0 ? (
        <div className="relative min-w-40 grow basis-48 sm:max-w-72">
          <Search className="pointer-events-none absolute top-1/2 left-2 size-3.5 -translate-y-1/2 text-faint" aria-hidden />
          <Late label={`Search ${view.title}`} type="search" placeholder="Search" value={params.get(keys.q) ?? ''} onChange={(value) => set({ [keys.q]: value })} className="h-7 pl-7 text-xs" maxLength={200} />
        </div>
      ) : null}
      {view.params.map((param) => (
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
      <Late label={label} type="text" inputMode={kind === 'number' ? 'decimal' : 'text'} value={value} onChange={onChange} className="numeric h-7 w-20 text-xs" maxLength={200} />
    </label>
  );
}

type LateProps = { label: string; type: 'text' | 'search'; inputMode?: 'decimal' | 'text'; placeholder?: string; value: string; onChange: (value: string) => void; className: string; maxLength: number };

const pauseMs = 300;

/** Typing is passed on once it pauses; Enter passes it on at once. */
function Late({ label, value, onChange, ...rest }: LateProps) {
  const [text, setText] = useState(value);
  const [given, setGiven] = useState(value);
  if (given !== value) {
    setGiven(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text.trim()), pauseMs);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return <Input {...rest} aria-label={label} value={text} spellCheck={false} autoComplete="off" onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === 'Enter' && onChange(text.trim())} />;
}
