import { ScrollRegion } from '@/components/ui/scroll-region';
import type { PlanNode } from '@/lib/rooms/plans/schema';
import { formatBytes, formatCount, formatMs } from '@/lib/units';

const known = new Set(['Node Type', 'Relation Name', 'Schema', 'Alias', 'Startup Cost', 'Total Cost', 'Plan Rows', 'Plan Width', 'Actual Startup Time', 'Actual Total Time', 'Actual Rows', 'Actual Loops', 'Parent Relationship', 'Subplan Name', 'Parallel Aware', 'Async Capable', 'Disabled', 'Workers']);

/** What was planned, what came, and every other field as PostgreSQL gave it. */
export function NodeDetails({ node }: { node: PlanNode }) {
  const { actual } = node;
  const figures: [string, string][] = [
    ['Rows planned a loop', formatCount(node.planRows)],
    ...(actual ? [['Rows came a loop', formatCount(actual.rowsPerLoop)], ['Loops', formatCount(actual.loops)]] as [string, string][] : []),
    ...(actual && actual.inclusiveMs !== null ? [['Time with its children', formatMs(actual.inclusiveMs)]] as [string, string][] : []),
    ...(actual && actual.exclusiveMs !== null ? [['Time of its own', formatMs(Math.max(0, actual.exclusiveMs))]] as [string, string][] : []),
    ...(actual && actual.processes > 1 ? [['Processes at once', formatCount(actual.processes)]] as [string, string][] : []),
    ['Cost', `${node.startupCost.toFixed(2)} to ${node.totalCost.toFixed(2)}`],
    ['Row width', formatBytes(node.width)],
  ];
  const rest = Object.entries(node.fields).filter(([key, value]) => !known.has(key) && value !== 0 && value !== null);
  return (
    <div className="flex flex-col gap-3 px-4 pb-4 sm:pl-12">
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(8.5rem,1fr))] gap-x-6 gap-y-2">
        {figures.map(([label, value]) => (
          <div key={label}>
            <dt className="text-2xs text-faint">{label}</dt>
            <dd className="numeric text-sm">{value}</dd>
          </div>
        ))}
      </dl>
      {rest.length > 0 ? (
        <ScrollRegion label={`Fields of ${node.type}`} className="max-h-80 overflow-auto rounded-md border border-line bg-surface">
          <dl className="grid gap-x-4 gap-y-1.5 p-3 sm:grid-cols-[minmax(9rem,14rem)_1fr]">
            {rest.map(([key, value]) => (
              <div key={key} className="contents">
                <dt className="text-xs text-faint">{key}</dt>
                <dd className="font-mono text-xs break-words max-sm:mb-1">{valueText(value)}</dd>
              </div>
            ))}
          </dl>
        </ScrollRegion>
      ) : null}
    </div>
  );
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
