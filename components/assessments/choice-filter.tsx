'use client';

import { ChevronDown } from 'lucide-react';
import { Checkbox } from '@/components/ui/input';
import { Menu, MenuFooter } from '@/components/ui/menu';

type Option = { value: string; label: string };
type Props = { label: string; options: readonly Option[]; chosen: readonly string[]; onChoose: (values: string[]) => void };

/** Any of several values. What the address names is listed also where the options do not know it. */
export function ChoiceFilter({ label, options, chosen, onChoose }: Props) {
  const unknown = chosen.filter((value) => !options.some((option) => option.value === value)).map((value) => ({ value, label: value }));
  const toggle = (value: string) => onChoose(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]);
  const [first] = [...options, ...unknown].filter(({ value }) => chosen.includes(value));
  const trigger = (
    <>
      <span className={first ? 'text-accent' : ''}>{first ? `${label}: ${first.label}` : label}</span>
      {chosen.length > 1 ? <span className="numeric text-accent">+{chosen.length - 1}</span> : null}
      <ChevronDown className="size-3.5 text-faint" aria-hidden />
    </>
  );
  return (
    <Menu label={chosen.length > 0 ? `${label}: ${chosen.length} chosen` : label} holds="controls" kind="secondary" size="small" align="start" trigger={trigger}>
      {[...unknown, ...options].map(({ value, label: text }) => (
        <label key={value} className="flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 hover:bg-hover">
          <Checkbox checked={chosen.includes(value)} onChange={() => toggle(value)} />
          {text}
        </label>
      ))}
      {options.length === 0 && unknown.length === 0 ? <p className="px-2 py-1.5 text-faint">None yet</p> : null}
      <MenuFooter onSelect={() => onChoose([])}>Any</MenuFooter>
    </Menu>
  );
}
