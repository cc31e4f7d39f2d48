'use client';

import { useEffect, useMemo, useState } from 'react';
import Link from 'next/link';
import { ClipboardPaste, Workflow } from 'lucide-react';
import { RemedyView } from '@/components/panel/remedy';
import { withTarget } from '@/components/shell/places';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { EmptyState } from '@/components/ui/empty-state';
import { Field } from '@/components/ui/field';
import { Textarea } from '@/components/ui/input';
import { Notice } from '@/components/ui/notice';
import { messageOf } from '@/lib/client/problem';
import { useExplain } from '@/lib/client/use-explain';
import { useUrlState } from '@/lib/client/url-state';
import { parsePlan, type ExplainAnswer } from '@/lib/rooms/plans/schema';
import { heldIn, parametersIn, planHash, statementHash } from './plan-hash';
import { PlanResult, type ShownPlan } from './plan-result';
import { StatementForm, type Draft } from './statement-form';

type Refused = Extract<ExplainAnswer, { state: 'refused' }>;

const empty: Draft = { sql: '', values: [], withValues: false, analyze: false };

/** A text as a plan, or why it is none. */
function shownFrom(json: string, rest: Omit<ShownPlan, 'plan' | 'json'>): ShownPlan | string {
  const parsed = parsePlan(json);
  return 'error' in parsed ? parsed.error : { ...rest, plan: parsed.plan, json };
}

const pastedFrom = (text: string) => shownFrom(text, { tables: [], generic: false, notes: [], from: 'pasted' });

const setHash = (hash: string) => window.history.replaceState(null, '', `${window.location.pathname}${window.location.search}${hash}`);

function usePlans() {
  const { params } = useUrlState();
  const target = params.get('target') ?? 'main';
  const explain = useExplain();
  const [draft, setDraft] = useState(empty);
  const [shown, setShown] = useState<ShownPlan | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const paste = (text: string) => {
    const found = pastedFrom(text);
    setRefused(null);
    setProblem(typeof found === 'string' ? found : null);
    if (typeof found === 'string') return;
    setShown(found);
    void planHash(text).then(setHash);
  };
  const ask = async ({ sql, values, withValues, analyze }: Draft) => {
    if (sql.trim() === '') return;
    setProblem(null);
    setRefused(null);
    const given = Array.from({ length: parametersIn(sql) }, (_, index) => values[index] ?? '');
    setHash(statementHash(sql, withValues ? given : []));
    try {
      const answer = await explain.mutateAsync({ target, sql, analyze, ...(withValues && given.length > 0 ? { values: given } : {}) });
      if (answer.state === 'refused') {
        // The plan of another statement under a refusal would look like this one's.
        setShown(null);
        return setRefused(answer);
      }
      const found = shownFrom(answer.json, { tables: answer.tables, generic: answer.generic, notes: answer.notes, from: `${target}, PostgreSQL ${answer.version}` });
      if (typeof found === 'string') setProblem(found);
      else setShown(found);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const open = async (hash: string) => {
    const held = await heldIn(hash);
    if (!held) return;
    if ('plan' in held) {
      const found = pastedFrom(held.plan);
      return typeof found === 'string' ? setProblem(found) : setShown(found);
    }
    const next = { ...empty, sql: held.sql, values: held.values, withValues: held.values.length > 0 };
    setDraft(next);
    // A link only plans; running is a person's own click.
    await ask(next);
  };
  return { draft, setDraft, shown, problem, refused, busy: explain.isPending, target, ask, paste, open };
}

export function PlansView({ mayAnalyze }: { mayAnalyze: boolean }) {
  const { draft, setDraft, shown, problem, refused, busy, target, ask, paste, open } = usePlans();
  const [confirming, setConfirming] = useState(false);
  const explain = () => (draft.analyze && draft.sql.trim() !== '' ? setConfirming(true) : void ask(draft));
  const [kept, setKept] = useState<ShownPlan | null>(null);
  const [pasting, setPasting] = useState(false);
  useEffect(() => {
    void open(window.location.hash);
    // Once: later changes of the address are this page's own.
    // oxlint-disable-next-line react/exhaustive-deps
  }, []);
  const compared = useMemo(() => (kept && kept !== shown ? kept : null), [kept, shown]);
  return (
    <div className="flex flex-col gap-4">
      <Card flush title="Statement" actions={<Button kind="ghost" size="small" aria-expanded={pasting} onClick={() => setPasting(!pasting)}><ClipboardPaste className="size-3.5" aria-hidden />Paste a plan</Button>}>
        {pasting ? <PasteForm onPlan={(text) => { paste(text); setPasting(false); }} /> : <StatementForm draft={draft} onDraft={setDraft} onExplain={explain} busy={busy} mayAnalyze={mayAnalyze} />}
      </Card>
      <ConfirmDialog open={confirming} onClose={() => setConfirming(false)} title={`Run this statement on ${target}?`} confirmLabel="Run it" onConfirm={() => void ask(draft)}>
        <p>EXPLAIN ANALYZE runs it: it reads from disk, fills the buffer cache and takes the locks of a reader, as the monitoring role. It may write nothing, ends after 20 s at the latest and is rolled back.</p>
        <p>That it was run, with its text, is kept in the audit log.</p>
      </ConfirmDialog>
      {problem ? <Notice tone="critical" title="No plan">{problem}</Notice> : null}
      {refused ? (
        <Notice tone="warning" title="This statement is not explained">
          <p>{refused.reason.says}</p>
          {refused.remedy ? <div className="mt-2"><RemedyView remedy={refused.remedy} /></div> : null}
        </Notice>
      ) : null}
      {!shown && !problem && !refused && !busy ? (
        <Card>
          <EmptyState icon={<Workflow className="size-5" />} title="No plan yet">
            Type a statement, open one from <Link href={withTarget('/queries', target)} prefetch={false} className="text-accent underline underline-offset-2">Queries</Link>, or paste a plan from elsewhere. Two plans can be compared node by node.
          </EmptyState>
        </Card>
      ) : null}
      {shown ? <PlanResult shown={shown} before={compared} onKeep={() => setKept(shown)} onForget={() => setKept(null)} isKept={kept === shown} /> : null}
    </div>
  );
}

function PasteForm({ onPlan }: { onPlan: (text: string) => void }) {
  const [text, setText] = useState('');
  return (
    <form className="flex flex-col gap-3 p-4" onSubmit={(event) => { event.preventDefault(); onPlan(text); }}>
      <Field label="A plan from elsewhere" hint="The output of EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON), or what auto_explain logged as JSON. It stays in this browser">
        {(control) => <Textarea {...control} value={text} rows={7} spellCheck={false} className="min-h-36 resize-y font-mono text-xs leading-5" onChange={(event) => setText(event.target.value)} />}
      </Field>
      <Button kind="primary" type="submit" disabled={text.trim() === ''} className="self-end max-sm:w-full">Show the plan</Button>
    </form>
  );
}
