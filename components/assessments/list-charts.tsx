'use client';

import { BarList } from '@/components/chart/bar-list';
import { Bars } from '@/components/chart/bars';
import { Notice } from '@/components/ui/notice';
import { messageOf } from '@/lib/client/problem';
import type { ListAddress } from '@/lib/client/assessment-address';
import { useAssessmentStats } from '@/lib/client/use-assessment-list';
import type { Stats } from '@/lib/rooms/assessments/schema';
import { levelOf, riskLevels } from '@/lib/rooms/assessments/values';
import { formatCount, formatRatio } from '@/lib/units';

const series = [{ key: 'count', label: 'Assessments', unit: 'count' as const }];
const height = 150;
const levelColors = Object.fromEntries(riskLevels.map((level) => [level, `var(--level-${level})`]));

/** How far the figures can be trusted, in words. */
const basis = (stats: Stats): string =>
  stats.sampled === null ? `All ${formatCount(stats.total.value)} that match` : `From a sample of ${formatRatio(stats.sampled)} of about ${formatCount(stats.total.value)}`;

/** Level, month and score of everything that the filters leave, not only of this page. */
export function ListCharts({ filters }: { filters: ListAddress }) {
  const { data, error, isFetching } = useAssessmentStats(filters);
  if (error && !data) return <div className="p-4"><Notice tone="warning" title="The charts could not be loaded">{messageOf(error)}</Notice></div>;
  const levels = (data?.byLevel ?? []).map(({ riskLevel, count }) => ({ label: riskLevel, count }));
  const months = (data?.byMonth ?? []).map(({ month, count }) => ({ label: month, count }));
  const scores = (data?.byScore ?? []).map(({ from, count }) => ({ label: from.toFixed(2), count }));
  const colors = Object.fromEntries((data?.byScore ?? []).map(({ from }) => [from.toFixed(2), levelColors[levelOf(from)] ?? '']));
  const empty = data ? 'Nothing matches.' : 'Counting…';
  const about = data ? basis(data) : 'Counting…';
  return (
    <div aria-busy={isFetching && !data} className="grid border-b border-line gap-x-8 gap-y-6 px-4 py-4 lg:grid-cols-[15rem_minmax(0,1fr)_minmax(0,1fr)]">
      <BarList title="By level" about={about} rows={levels} label={{ key: 'label', heading: 'Level' }} series={series} top={4} empty={empty} keepOrder colors={levelColors} />
      <Bars title="By month" about="Created, in UTC" rows={months} label={{ key: 'label', heading: 'Month' }} series={series} height={height} empty={empty} />
      <Bars title="By score" about="In steps of 0.05" rows={scores} label={{ key: 'label', heading: 'Score from' }} series={series} height={height} empty={empty} colors={colors} />
    </div>
  );
}
