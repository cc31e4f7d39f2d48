'use client';

import { useEffect, useRef, useState, type ComponentProps } from 'react';
import { Search } from 'lucide-react';
import { classNames } from './class-names';
import { Input } from './input';

type Props = Omit<ComponentProps<'input'>, 'value' | 'onChange'> & { label: string; value: string; onChange: (value: string) => void };

const pauseMs = 300;

/** Typing is passed on once it pauses; Enter passes it on at once. A value that comes back late does not undo what was typed since. */
export function LateInput({ label, value, onChange, ...rest }: Props) {
  const [text, setText] = useState(value);
  const [given, setGiven] = useState(value);
  const [passed, setPassed] = useState(value);
  if (given !== value) {
    setGiven(value);
    if (value !== passed) {
      setPassed(value);
      setText(value);
    }
  }
  // What was typed before React took over the page stands in the browser's input only.
  const input = useRef<HTMLInputElement>(null);
  const drawn = useRef(value);
  const pass = () => {
    setPassed(text.trim());
    onChange(text.trim());
  };
  useEffect(() => {
    if (text.trim() === passed) return;
    const timer = setTimeout(pass, pauseMs);
    return () => clearTimeout(timer);
  });
  // A table that arrives brings its own bar, and this input goes: what was typed into it meanwhile counts all the same.
  const leave = useRef<(typed: string) => unknown>(() => {});
  useEffect(() => {
    leave.current = (typed) => typed !== passed && onChange(typed);
  });
  useEffect(() => {
    const element = input.current;
    if (!element) return;
    // Only then: an update that says nothing new could still undo what the address says by now.
    if (element.value !== drawn.current) setText(element.value);
    return () => void leave.current(element.value.trim());
  }, []);
  return <Input ref={input} maxLength={200} {...rest} aria-label={label} value={text} spellCheck={false} autoComplete="off" onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === 'Enter' && pass()} />;
}

/** The search of a table's bar. */
export function SearchInput({ className = 'sm:max-w-72', ...rest }: Props) {
  return (
    <div className={classNames('relative min-w-40 grow basis-44', className)}>
      <Search className="pointer-events-none absolute top-1/2 left-2 size-3.5 -translate-y-1/2 text-faint" aria-hidden />
      <LateInput placeholder="Search" {...rest} type="search" className="h-7 pl-7 text-xs" />
    </div>
  );
}
