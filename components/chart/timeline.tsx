'use client';

import { classNames } from '@/components/ui/class-names';
import { useNow } from '@/lib/client/use-now';
import { format, formatDay, type Unit } from '@/lib/units';
import type { Datum } from './chart-domain';
import { ChartFrame } from './chart-frame';
import { along, lanesOf, placeOf, spanOf, timeTicks, type Lane, type Span, type Stretch, type StretchKeys } from './timeline-domain';

type Props = { title: string; rows: readonly Datum[]; keys: StretchKeys; /** Headings of the lanes and of the bars’ values. */ headings: { lane: string; value: string }; unit: Unit };

const laneHeight = 64;
const barHeight = 28;

const hatched = (color: string) => `repeating-linear-gradient(135deg, ${color} 0 2px, transparent 2px 6px)`;

/** Stretches along one axis of time, a lane each: what is held, by how much, where nothing is, and where it ends. */
export function Timeline({ title, rows, keys, headings, unit }: Props) {
  const now = useNow();
  const lanes = lanesOf(rows, keys);
  const span = spanOf(lanes, now);
  const table = lanes.flatMap((lane) => [...lane.stretches, ...lane.outside, ...(lane.end ? [lane.end] : [])].map((stretch) => ({ label: `${lane.name}: ${describe(stretch, unit)}`, values: [stretch.value] })));
  return (
    <ChartFrame title={title} about="Higher bars hold more, within their table. Hatched: a gap or an overlap. The line across is now, the flag where the partitions end." series={[{ key: keys.value, label: headings.value, unit }]} rows={table} labelHeading={headings.lane} height={Math.max(1, lanes.length) * laneHeight + 24} empty="No table here is partitioned by time.">
      <ol className="relative flex flex-col" aria-label={title}>
        {lanes.map((lane) => <LaneView key={lane.name} lane={lane} span={span} now={now} unit={unit} />)}
      </ol>
      <div className="relative h-6 text-2xs text-faint" aria-hidden>
        {timeTicks(span).map(({ at, label }) => <span key={at} className="numeric absolute top-1 -translate-x-1/2 whitespace-nowrap" style={{ left: `${Math.min(94, Math.max(6, along(span, at)))}%` }}>{label}</span>)}
      </div>
    </ChartFrame>
  );
}

function LaneView({ lane, span, now, unit }: { lane: Lane; span: Span; now: number; unit: Unit }) {
  const [outside] = lane.outside;
  return (
    <li style={{ height: laneHeight }} aria-label={summary(lane, unit)}>
      <p className="flex min-w-0 items-baseline gap-3 text-xs leading-5" aria-hidden>
        <span className="min-w-0 truncate font-mono text-2xs text-muted" title={lane.name}>{lane.name}</span>
        {outside ? <span className="numeric shrink-0 text-2xs text-muted" title={outside.label}>DEFAULT {format(outside.value, unit)}</span> : null}
      </p>
      <div className="relative border-b border-line-strong" style={{ height: barHeight + 4 }} aria-hidden>
        {lane.stretches.map((stretch, index) => <Bar key={index} stretch={stretch} span={span} most={lane.most} unit={unit} />)}
        <span className="absolute inset-y-0 w-px bg-ink" style={{ left: `${along(span, now)}%` }} title={`Now: ${formatDay(new Date(now).toISOString())}`} />
        {lane.end?.from ? <Flag at={lane.end.from} span={span} says={lane.end.label} /> : null}
      </div>
    </li>
  );
}

function Bar({ stretch, span, most, unit }: { stretch: Stretch; span: Span; most: number; unit: Unit }) {
  const { left, width } = placeOf(span, stretch);
  const held = stretch.state === 'held';
  const share = held && most > 0 ? Math.max(0.12, (stretch.value ?? 0) / most) : held ? 0.12 : 1;
  const background = held ? 'var(--chart-1)' : hatched(stretch.state === 'gap' ? 'var(--critical)' : 'var(--warning)');
  return <span className="absolute bottom-0 border-r border-surface" style={{ left: `${left}%`, width: `${width}%`, height: barHeight * share, background, minWidth: 1 }} title={describe(stretch, unit)} />;
}

function Flag({ at, span, says }: { at: number; span: Span; says: string }) {
  const place = along(span, at);
  const text = formatDay(new Date(at).toISOString());
  return (
    <span className="absolute -top-0.5 bottom-0 border-l-2 border-critical" style={{ left: `${place}%` }} title={`${text}: ${says}`}>
      <span className={classNames('numeric absolute bottom-full text-2xs whitespace-nowrap text-critical', place > 50 ? '-right-0.5' : '-left-0.5')}>{text}</span>
    </span>
  );
}

const dayOf = (at: number | null): string => (at === null ? 'open' : formatDay(new Date(at).toISOString()));

function describe({ label, state, from, to, value }: Stretch, unit: Unit): string {
  if (state === 'end') return `ends ${dayOf(from)}, ${label}`;
  if (state === 'outside') return `${label} (DEFAULT), ${format(value, unit)}`;
  return `${state === 'held' ? label : state}, ${dayOf(from)} to ${dayOf(to)}${value === null ? '' : `, ${format(value, unit)}`}`;
}

/** The lane in one sentence, for those who do not see it. */
function summary({ name, stretches, outside, end }: Lane, unit: Unit): string {
  const count = (state: string) => stretches.filter((stretch) => stretch.state === state).length;
  const [first, last] = [stretches[0], stretches.at(-1)];
  const gaps = count('gap') + count('overlap') > 0 ? `, ${count('gap')} gaps, ${count('overlap')} overlaps` : '';
  return `${name}: ${count('held')} bars from ${dayOf(first?.from ?? null)} to ${dayOf(last?.to ?? null)}${gaps}${outside[0] ? `, DEFAULT ${format(outside[0].value, unit)}` : ''}${end ? `, ${describe(end, unit)}` : ''}.`;
}
