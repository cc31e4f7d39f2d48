'use client';

import { useRef, type ReactNode } from 'react';
import { Plus, X } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { classNames } from '@/components/ui/class-names';
import type { ListName } from './form-draft';
import { useFieldError } from './form-field';

type Props = {
  name: ListName;
  title: string;
  /** One of them in words: `factor`. */
  one: string;
  rows: readonly { key: string }[];
  /** The columns where there is room for them, the last for the button. */
  layout: string;
  headings: readonly string[];
  about?: ReactNode;
  onAdd: () => void;
  onRemove: (index: number) => void;
  children: (index: number) => ReactNode;
};

/** Children of the assessment, each a row of fields: columns where there is room, blocks on a phone. */
export function FormList({ name, title, one, rows, layout, headings, about, onAdd, onRemove, children }: Props) {
  const add = useRef<HTMLButtonElement>(null);
  const refused = useFieldError(name);
  const remove = (index: number) => {
    onRemove(index);
    // The button that had the focus is gone.
    add.current?.focus();
  };
  return (
    <Card title={title} about={rows.length > 0 ? String(rows.length) : 'none'} actions={about} flush>
      {rows.length > 0 ? (
        <div className={classNames('hidden gap-x-3 px-4 pt-3 text-xs font-medium text-muted lg:grid', layout)} aria-hidden>
          {headings.map((heading) => <span key={heading}>{heading}</span>)}
        </div>
      ) : null}
      <div className="divide-y divide-line lg:divide-y-0 lg:pt-1">
        {rows.map(({ key }, index) => (
          <fieldset key={key} className="min-w-0">
            <legend className="sr-only">{title}, {index + 1}</legend>
            <div className={classNames('grid grid-cols-2 gap-x-3 gap-y-2 px-4 py-3 lg:py-1', layout)}>
              {children(index)}
              <Button kind="ghost" className="max-lg:col-span-2 max-lg:justify-self-end lg:w-8 lg:px-0" aria-label={`Remove ${one} ${index + 1}`} title={`Remove ${one} ${index + 1}`} onClick={() => remove(index)}>
                <X className="size-4" aria-hidden />
                <span className="lg:hidden">Remove</span>
              </Button>
            </div>
          </fieldset>
        ))}
      </div>
      <div className={classNames('flex flex-wrap items-center gap-3 px-4 pb-3', rows.length > 0 ? 'pt-2' : 'pt-3')}>
        <Button ref={add} size="small" onClick={onAdd}>
          <Plus className="size-3.5" aria-hidden />
          Add a {one}
        </Button>
        {refused ? <p role="alert" className="text-xs text-critical">{refused}</p> : null}
      </div>
    </Card>
  );
}
