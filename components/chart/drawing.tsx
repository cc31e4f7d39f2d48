'use client';

import { Bar, BarChart, CartesianGrid, Cell, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { ReactElement } from 'react';
import { format, formatDay } from '@/lib/units';
import { ticks } from './chart-domain';
import { seriesColor, type ChartRow, type Series } from './chart-frame';

type Props = { title: string; series: Series[]; height: number };

/** The only file that knows the chart library: it is loaded after the page, when a chart is first shown. */
export function BarsDrawing({ title, points, series, height, colors = {} }: Props & { points: ChartRow[]; colors?: Record<string, string> | undefined }) {
  const data = points.map((point) => ({ label: point.label, ...byKey(series, point.values) }));
  const top = Math.max(0, ...points.map((point) => point.values.reduce<number>((sum, value) => sum + (value ?? 0), 0)));
  return (
    <Sized height={height}>
      <BarChart data={data} margin={margin} barCategoryGap="22%" title={title} accessibilityLayer>
        {axes(series, top)}
        <XAxis dataKey="label" {...axis} interval="preserveStartEnd" minTickGap={12} />
        <Tooltip cursor={{ fill: 'var(--hover)' }} content={<Tip series={series} />} />
        {series.map(({ key, label }, index) => (
          <Bar key={key} dataKey={key} name={label} stackId="all" fill={seriesColor(index)} radius={index === series.length - 1 ? [2, 2, 0, 0] : 0} maxBarSize={44} isAnimationActive={false}>
            {points.map((point) => (colors[point.label] ? <Cell key={point.label} fill={colors[point.label]} /> : null))}
          </Bar>
        ))}
      </BarChart>
    </Sized>
  );
}

export function LinesDrawing({ title, points, series, height }: Props & { points: (ChartRow & { at: string })[] }) {
  const data = points.map((point) => ({ at: new Date(point.at).getTime(), ...byKey(series, point.values) }));
  const top = Math.max(0, ...points.flatMap((point) => point.values.map((value) => value ?? 0)));
  return (
    <Sized height={height}>
      <LineChart data={data} margin={margin} title={title} accessibilityLayer>
        {axes(series, top)}
        <XAxis dataKey="at" type="number" scale="time" domain={['dataMin', 'dataMax']} {...axis} minTickGap={48} tickFormatter={(at: number) => timeTick(at, data)} />
        <Tooltip content={<Tip series={series} time />} />
        {series.map(({ key, label }, index) => (
          <Line key={key} dataKey={key} name={label} stroke={seriesColor(index)} strokeWidth={1.75} dot={false} type="linear" isAnimationActive={false} />
        ))}
      </LineChart>
    </Sized>
  );
}

const margin = { top: 6, right: 4, bottom: 0, left: 0 };
const axis = { stroke: 'var(--line-strong)', tick: { fill: 'var(--faint)', fontSize: 11 }, tickLine: false, axisLine: { stroke: 'var(--line-strong)' } };
const dayMs = 86_400_000;

function axes(series: Series[], top: number) {
  const unit = series[0]?.unit ?? 'count';
  const marks = ticks(top, unit);
  return (
    <>
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <YAxis {...axis} axisLine={false} width={56} ticks={marks} domain={[0, marks.at(-1) ?? 1]} tickFormatter={(value: number) => format(value, unit)} />
    </>
  );
}

const byKey = (series: Series[], values: (number | null)[]) => Object.fromEntries(series.map(({ key }, index) => [key, values[index] ?? null]));

function timeTick(at: number, data: { at: number }[]): string {
  const span = (data.at(-1)?.at ?? at) - (data[0]?.at ?? at);
  const iso = new Date(at).toISOString();
  return span > 2 * dayMs ? formatDay(iso) : iso.slice(11, 16);
}

function Sized({ height, children }: { height: number; children: ReactElement }) {
  return (
    <ResponsiveContainer width="100%" height={height}>
      {children}
    </ResponsiveContainer>
  );
}

type Payload = readonly { dataKey?: unknown; value?: unknown }[] | undefined;

type TipProps = { series: Series[]; time?: boolean; /** The library fills these in. */ active?: boolean; label?: string | number; payload?: Payload };

function Tip({ series, time = false, active = false, label = '', payload }: TipProps) {
  if (!active) return null;
  return (
    <div className="rounded-md border border-line bg-raised px-2.5 py-2 text-xs shadow-pop">
      <p className="mb-1 text-faint">{time ? format(new Date(Number(label)).toISOString(), 'time') : label}</p>
      {series.map(({ key, label: name, unit }, index) => (
        <p key={key} className="flex items-center gap-2">
          <span className="size-2 shrink-0 rounded-[2px]" style={{ background: seriesColor(index) }} />
          <span className="max-w-72 truncate text-muted">{name}</span>
          <span className="numeric ml-auto pl-3 font-medium">{format(payload?.find((entry) => entry.dataKey === key)?.value, unit)}</span>
        </p>
      ))}
    </div>
  );
}
