'use client';

import { Play } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Checkbox, Input, Textarea } from '@/components/ui/input';
import { parametersIn } from './plan-hash';

export type Draft = { sql: string; values: string[]; withValues: boolean; analyze: boolean };

type Props = { draft: Draft; onDraft: (draft: Draft) => void; onExplain: () => void; busy: boolean; mayAnalyze: boolean };

/** The statement, the values of its parameters, and whether it is run. */
export function StatementForm({ draft, onDraft, onExplain, busy, mayAnalyze }: Props) {
  const parameters = parametersIn(draft.sql);
  const change = (part: Partial<Draft>) => onDraft({ ...draft, ...part });
  return (
    <form
      className="flex flex-col gap-3 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        onExplain();
      }}
    >
      <Field label="Statement" hiddenLabel hint="One SELECT, or a write that is only planned. Ctrl+Enter explains it">
        {(control) => (
          <Textarea
            {...control}
            value={draft.sql}
            spellCheck={false}
            autoCapitalize="off"
            rows={7}
            placeholder="SELECT …"
            className="min-h-36 resize-y font-mono text-xs leading-5"
            onChange={(event) => change({ sql: event.target.value })}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onExplain();
            }}
          />
        )}
      </Field>
      {parameters > 0 ? <Values draft={draft} count={parameters} onDraft={onDraft} /> : null}
      <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
        {mayAnalyze ? (
          <label htmlFor="plan-analyze" className="flex items-center gap-2 text-sm">
            <Checkbox id="plan-analyze" checked={draft.analyze} onChange={(event) => change({ analyze: event.target.checked, withValues: draft.withValues || (event.target.checked && parameters > 0) })} />
            <span>ANALYZE: run it, read only, for at most 20 s, and roll back</span>
          </label>
        ) : (
          <p className="text-xs text-faint">Running a statement (ANALYZE) needs the permission plans:analyze.</p>
        )}
        <Button kind="primary" type="submit" busy={busy} disabled={draft.sql.trim() === ''} className="ml-auto max-sm:ml-0 max-sm:w-full">
          <Play className="size-4" aria-hidden />
          Explain
        </Button>
      </div>
    </form>
  );
}

function Values({ draft, count, onDraft }: { draft: Draft; count: number; onDraft: (draft: Draft) => void }) {
  const set = (index: number, value: string) => onDraft({ ...draft, values: Array.from({ length: count }, (_, at) => (at === index ? value : (draft.values[at] ?? ''))) });
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="sr-only">Values of the parameters</legend>
      <label htmlFor="plan-values" className="flex items-center gap-2 text-sm">
        <Checkbox id="plan-values" checked={draft.withValues} onChange={(event) => onDraft({ ...draft, withValues: event.target.checked, analyze: draft.analyze && event.target.checked })} />
        <span>With values; without them the plan is the generic one, which is right for no value in particular</span>
      </label>
      {draft.withValues ? (
        <div className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-2">
          {Array.from({ length: count }, (_, index) => (
            <Field key={index} label={`$${index + 1}`}>
              {(control) => <Input {...control} value={draft.values[index] ?? ''} spellCheck={false} className="font-mono text-xs" onChange={(event) => set(index, event.target.value)} />}
            </Field>
          ))}
        </div>
      ) : null}
    </fieldset>
  );
}
