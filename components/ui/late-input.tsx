'use client';

import { useEffect, useState } from 'react';
import { Search } from 'lucide-react';
import { Input } from './input';

type LateProps = { label: string; type: 'text' | 'search' | 'date'; inputMode?: 'decimal' | 'text'; placeholder?: string; value: string; onChange: (value: string) => void; className: string; maxLength?: number };

const pauseMs = 300;

/** Typing is passed on once it pauses; Enter passes it on at once. */
export function LateInput({ label, value, onChange, ...rest }: LateProps) {
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

type SearchProps = Pick<LateProps, 'label' | 'value' | 'onChange' | 'maxLength'> & { placeholder?: string };

/** The search box of a table. */
export function SearchInput({ placeholder = 'Search', ...rest }: SearchProps) {
  return (
    <div className="relative min-w-40 grow basis-48 sm:max-w-72">
      <Search className="pointer-events-none absolute top-1/2 left-2 size-3.5 -translate-y-1/2 text-faint" aria-hidden />
      <LateInput {...rest} type="search" placeholder={placeholder} className="h-7 pl-7 text-xs" />
    </div>
  );
}
