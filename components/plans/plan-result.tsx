'use client';

import { useState } from 'react';
import { Link2, Pin, PinOff } from 'lucide-react';
import { Findings } from '@/components/panel/findings';
import { SqlBlock } from '@/components/panel/sql-block';
import { Button } from '@/components/ui/button';
import { Fact } from '@/components/ui/card';
import { classNames } from '@/components/ui/class-names';
import { CopyButton } from '@/components/ui/copy-button';
import { Notice } from '@/components/ui/notice';
import { findingsOf, planText, type Plan, type TableFacts } from '@/lib/rooms/plans/schema';
import { formatCount, formatMs } from '@/lib/units';
import { PlanCompare } from './plan-compare';
import { planHash } from './plan-hash';
import { PlanTree } from './plan-tree';

export type ShownPlan = { plan: Plan; json: string; tables: readonly TableFacts[]; generic: boolean; notes: readonly string[]; from: string };

type Props = { shown: ShownPlan; before: ShownPlan | null; isKept: boolean; onKeep: () => void; onForget: () => void };

const views = ['Tree', 'Compare', 'Text', 'JSON'] as const;
type View = (typeof views)[number];

/** One plan: what stands out, and the plan itself in the form that is asked for. */
export function PlanResult({ shown, before, isKept, onKeep, onForget }: Props) {
  const [view, setView] = useState<View>('Tree');
  const findings = findingsOf(shown.plan, shown.tables);
  const possible = views.filter((name) => name !== 'Compare' || before);
  const current = possible.includes(view) ? view : 'Tree';
  return (
    <section aria-label="Plan" className="panel-surface min-w-0" data-testid="plan">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2">
        <h2 className="text-base font-semibold tracking-tight">Plan</h2>
        <p className="text-xs text-faint">{shown.from}{shown.generic ? ', generic: for no value in particular' : ''}{shown.plan.analyzed ? ', run' : ', not run: estimates only'}</p>
        <div className="ml-auto flex flex-wrap items-center gap-1 max-sm:ml-0">
          {isKept || before
            ? <Button kind="ghost" size="small" onClick={onForget}><PinOff className="size-3.5" aria-hidden />Stop comparing</Button>
            : <Button kind="ghost" size="small" onClick={onKeep} title="The next plan is compared with this one"><Pin className="size-3.5" aria-hidden />Keep to compare</Button>}
          <LinkButton shown={shown} />
        </div>
      </header>
      {isKept ? <div className="px-4 pt-3"><Notice tone="info">This plan is kept. Explain or paste another one to compare the two.</Notice></div> : null}
      {shown.notes.map((note) => <div key={note} className="px-4 pt-3"><Notice tone="info">{note}</Notice></div>)}
      <Summary shown={shown} />
      {findings.length > 0 ? <div className="border-t border-line"><Findings items={findings} label="Findings of the plan" first={4} /></div> : <p className="border-t border-line px-4 py-3 text-sm text-muted">{shown.plan.analyzed ? 'Nothing stands out in this plan.' : 'Nothing stands out in the estimates. Only a run (ANALYZE) shows spills, misestimates and times.'}</p>}
      <div role="tablist" aria-label="Form of the plan" className="flex gap-5 border-t border-b border-line px-4">
        {possible.map((name) => (
          <button key={name} type="button" role="tab" id={`plan-tab-${name}`} aria-controls="plan-view" aria-selected={name === current} onClick={() => setView(name)} className={classNames('-mb-px h-9 border-b-2 text-sm', name === current ? 'border-accent font-medium text-ink' : 'border-transparent text-muted hover:text-ink')}>
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="plan-view" aria-labelledby={`plan-tab-${current}`}>
        {current === 'Tree' ? <PlanTree plan={shown.plan} /> : null}
        {current === 'Compare' && before ? <PlanCompare before={before.plan} after={shown.plan} /> : null}
        {current === 'Text' ? <div className="p-4"><SqlBlock sql={planText(shown.plan)} label="In the manner of EXPLAIN’s text form" /></div> : null}
        {current === 'JSON' ? <div className="p-4"><SqlBlock sql={shown.json} label="EXPLAIN (FORMAT JSON)" /></div> : null}
      </div>
    </section>
  );
}

/** The address with the statement in it; with the plan itself where it was run, for whoever opens the link would see estimates only. */
function LinkButton({ shown }: { shown: ShownPlan }) {
  const [made, setMade] = useState<{ of: ShownPlan; address: string } | null>(null);
  const make = async () => {
    const { origin, pathname, search, hash } = window.location;
    setMade({ of: shown, address: `${origin}${pathname}${search}${shown.plan.analyzed ? await planHash(shown.json) : hash}` });
  };
  if (made?.of !== shown) return <Button kind="ghost" size="small" onClick={() => void make()}><Link2 className="size-3.5" aria-hidden />Link</Button>;
  return <CopyButton text={made.address} label="Copy the link" />;
}

function Summary({ shown: { plan, json } }: { shown: ShownPlan }) {
  const facts: [string, string][] = [
    ...(plan.executionMs === null ? [] : [['Execution', formatMs(plan.executionMs)] as [string, string]]),
    ...(plan.planningMs === null ? [] : [['Planning', formatMs(plan.planningMs)] as [string, string]]),
    ['Total cost', formatCount(Math.round(plan.root.totalCost))],
    ['Rows', plan.root.actual ? formatCount(Math.round(plan.root.actual.rows)) : `${formatCount(plan.root.planRows)} planned`],
    ['Nodes', formatCount(plan.nodes.length)],
    ...(plan.jit?.ms ? [['JIT', formatMs(plan.jit.ms)] as [string, string]] : []),
  ];
  return (
    <dl key={json.length} className="grid grid-cols-[repeat(auto-fill,minmax(7rem,1fr))] gap-x-6 gap-y-3 px-4 py-3">
      {facts.map(([label, value]) => <Fact key={label} label={label}>{value}</Fact>)}
    </dl>
  );
}
