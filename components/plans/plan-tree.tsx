'use client';

import { useState, type KeyboardEvent } from 'react';
import { ChevronRight } from 'lucide-react';
import { Badge } from '@/components/ui/badge';
import { classNames } from '@/components/ui/class-names';
import { misestimateStep, type Plan, type PlanNode } from '@/lib/rooms/plans/schema';
import { formatCompact, formatMs, formatRatio } from '@/lib/units';
import { NodeDetails } from './node-details';

/** Arrows, Home and End move between nodes; Enter and Space open one. */
function moveNode(event: KeyboardEvent<HTMLElement>): void {
  if (!(event.target instanceof HTMLElement) || !event.target.matches('[data-node]')) return;
  const nodes = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-node]')];
  const at = nodes.indexOf(event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: nodes.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  nodes[Math.min(nodes.length - 1, Math.max(0, to))]?.focus();
}

/** Every node on a line, indented as it is called; the bar is its own share of the whole time, or of the cost where nothing ran. */
export function PlanTree({ plan }: { plan: Plan }) {
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const toggle = (id: number) => setOpened((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]));
  const whole = plan.root.actual?.inclusiveMs ?? null;
  return (
    // The keys move the focus between the buttons inside.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <ol aria-label="Nodes of the plan" onKeyDown={moveNode} className="divide-y divide-line">
      {plan.nodes.slice(0, 500).map((node) => (
        <li key={node.id} className={classNames(opened.has(node.id) && 'bg-sunken')}>
          <NodeLine node={node} whole={whole} cost={plan.root.totalCost} open={opened.has(node.id)} onToggle={() => toggle(node.id)} />
          {opened.has(node.id) ? <NodeDetails node={node} /> : null}
        </li>
      ))}
      {plan.nodes.length > 500 ? <li className="px-4 py-2 text-xs text-faint">The first 500 of {plan.nodes.length} nodes; the JSON has all.</li> : null}
    </ol>
  );
}

/** What a node adds to the cost of its children: an estimate's counterpart of its own time. */
const ownCost = (node: PlanNode): number => Math.max(0, node.totalCost - node.children.reduce((sum, child) => sum + (child.relationship === 'InitPlan' ? 0 : child.totalCost), 0));

function NodeLine({ node, whole, cost, open, onToggle }: { node: PlanNode; whole: number | null; cost: number; open: boolean; onToggle: () => void }) {
  const never = node.actual?.loops === 0;
  const own = node.actual?.exclusiveMs ?? null;
  const share = own !== null && whole ? Math.max(0, own) / whole : whole === null && cost > 0 ? ownCost(node) / cost : null;
  return (
    <button type="button" data-node aria-expanded={open} onClick={onToggle} className="flex w-full flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-left hover:bg-hover focus-visible:outline-offset-[-2px]">
      <span className="flex min-w-0 grow basis-64 items-start gap-1.5" style={{ paddingLeft: `min(${node.depth * 0.875}rem, 28vw)` }}>
        <ChevronRight className={classNames('mt-0.5 size-4 shrink-0 text-faint transition-transform', open && 'rotate-90')} aria-hidden />
        <span className={classNames('min-w-0', never && 'text-faint')}>
          {node.subplan ? <span className="block text-2xs text-faint">{node.subplan}</span> : null}
          <span className="text-sm font-medium">{node.type}</span> <span className="font-mono text-xs break-words text-muted">{node.on}</span>
        </span>
      </span>
      <span className="flex flex-wrap items-center gap-1.5 max-sm:pl-6"><Marks node={node} /></span>
      <span className="numeric flex items-center gap-3 text-xs text-muted max-sm:pl-6">
        <span className="w-24 text-right max-sm:w-auto">{never ? '–' : `${formatCompact(node.actual ? Math.round(node.actual.rows) : node.planRows)} rows`}</span>
        <span className="w-16 text-right text-ink max-sm:w-auto">{own === null ? '' : formatMs(Math.max(0, own))}</span>
        <Share share={share} />
      </span>
    </button>
  );
}

function Share({ share }: { share: number | null }) {
  if (share === null) return <span className="w-24 max-sm:hidden" />;
  return (
    <span className="flex w-24 items-center gap-2">
      <span className="h-1.5 grow overflow-hidden rounded-full bg-hover" aria-hidden>
        <span className={classNames('block h-full rounded-full', share >= 0.3 ? 'bg-high' : 'bg-accent')} style={{ width: `${Math.min(1, share) * 100}%` }} />
      </span>
      <span className="w-10 text-right text-2xs">{share < 0.001 ? '0 %' : formatRatio(share).replace(/\.\d+/, '')}</span>
    </span>
  );
}

const words = ['', '10×', '100×', '1000×'];

function Marks({ node }: { node: PlanNode }) {
  const step = misestimateStep(node.misestimate);
  const spilled = node.fields['Sort Space Type'] === 'Disk' || Number(node.fields['Hash Batches'] ?? 1) > 1 || Number(node.fields['Disk Usage'] ?? 0) > 0 || node.fields['Storage'] === 'Disk';
  const removed = Number(node.fields['Rows Removed by Filter'] ?? 0) * (node.actual?.loops ?? 0);
  return (
    <>
      {node.actual?.loops === 0 ? <Badge>never executed</Badge> : null}
      {step > 0 && node.misestimate !== null ? <Badge tone={step === 1 ? 'warning' : step === 2 ? 'high' : 'critical'}>over {words[step]} {node.misestimate > 1 ? 'more' : 'fewer'} rows than planned</Badge> : null}
      {spilled ? <Badge tone="warning">on disk</Badge> : null}
      {removed >= 1000 ? <Badge>{formatCompact(Math.round(removed))} filtered out</Badge> : null}
      {node.actual && node.actual.loops > 1 ? <Badge>{formatCompact(node.actual.loops)} loops</Badge> : null}
    </>
  );
}
