import { classNames } from '@/components/ui/class-names';
import { ScrollRegion } from '@/components/ui/scroll-region';
import { comparePlans, type ComparedNode, type Plan, type PlanNode } from '@/lib/rooms/plans/schema';
import { formatCompact, formatCount, formatMs } from '@/lib/units';

/** Two plans side by side, node by node; what only one of them has stands alone. */
export function PlanCompare({ before, after }: { before: Plan; after: Plan }) {
  const timed = before.analyzed && after.analyzed;
  return (
    <ScrollRegion label="The two plans" className="overflow-x-auto">
      <table className="cards w-full border-collapse text-sm">
        <caption className="sr-only">The kept plan and this one, node by node</caption>
        <thead>
          <tr className="border-b border-line text-left text-xs text-faint">
            <th scope="col" className="px-4 py-2 font-medium">Kept plan</th>
            <th scope="col" className="px-3 py-2 font-medium">This plan</th>
            <th scope="col" className="px-3 py-2 text-right font-medium">Rows</th>
            <th scope="col" className="px-4 py-2 text-right font-medium">{timed ? 'Own time' : 'Cost'}</th>
          </tr>
        </thead>
        <tbody>{comparePlans(before, after).slice(0, 500).map((row, index) => <Row key={index} row={row} timed={timed} />)}</tbody>
      </table>
    </ScrollRegion>
  );
}

const rows = (node: PlanNode): string => formatCompact(node.actual ? Math.round(node.actual.rows) : node.planRows);
const weight = (node: PlanNode, timed: boolean): string => (timed ? formatMs(Math.max(0, node.actual?.exclusiveMs ?? 0)) : formatCount(Math.round(node.totalCost)));

function Row({ row: { before, after, same, depth }, timed }: { row: ComparedNode; timed: boolean }) {
  const both = (of: (node: PlanNode) => string) => [before, after].map((node) => (node ? of(node) : '–')).join(' → ');
  return (
    <tr className={classNames('border-b border-line last:border-0', !same && 'bg-sunken')}>
      <td data-label="Kept plan" data-wide className="px-4 py-2"><Name node={before} depth={depth} other={same} /></td>
      <td data-label="This plan" data-wide className="px-3 py-2"><Name node={after} depth={depth} other={same} /></td>
      <td data-label="Rows" className="numeric px-3 py-2 text-right whitespace-nowrap">{both(rows)}</td>
      <td data-label={timed ? 'Own time' : 'Cost'} className="numeric px-4 py-2 text-right whitespace-nowrap">{both((node) => weight(node, timed))}</td>
    </tr>
  );
}

function Name({ node, depth, other }: { node: PlanNode | null; depth: number; other: boolean }) {
  if (!node) return <span className="text-faint">–</span>;
  return (
    <span className="block" style={{ paddingLeft: `min(${depth * 0.75}rem, 12vw)` }}>
      <span className={other ? 'text-muted' : 'font-medium'}>{node.type}</span> <span className="font-mono text-xs break-words text-muted">{node.on}</span>
    </span>
  );
}
