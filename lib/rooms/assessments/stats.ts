import type { Database } from '@/lib/db/client';
import { ShortLived } from '@/lib/kit/short-lived';
import { inlineNumber, render, sql, type SQL } from '@/lib/pg/sql';
import { matching } from './conditions';
import { countMatching, estimated } from './count';
import { riskLevels, statuses, type Filters, type RiskLevel, type Stats, type Status } from './schema';

/** Up to here every row is read: about a tenth of a second. Beyond it, a sample of about so many. */
const readRows = 300_000;
const scoreSteps = 20;

const known = new ShortLived<Stats>(10_000, 100);

export const forgetStats = (): void => known.clear();

/** What the charts beside a list show, over everything that its filters leave. Answers may be ten seconds old. */
export function statsOf(db: Database, filters: Filters): Promise<Stats> {
  return known.get(JSON.stringify(render(matching(filters))), () => computeStats(db, filters));
}

type Group = { kind: number; level: RiskLevel | null; status: Status | null; month: string | null; step: number | null; industry: string | null; country: string | null; n: number };

/** One pass over the rows for all the charts. */
function statement(from: SQL, where: SQL): SQL {
  return sql`
    select grouping(level, status, month, step, industry, country) as kind, level, status, month, step, industry, country, count(*)::int as n
    from (
      select risk_level as level, status, to_char(created_at at time zone 'UTC', 'YYYY-MM') as month,
        least(${inlineNumber(scoreSteps - 1)}, floor(risk_score * ${inlineNumber(scoreSteps)}))::int as step, industry, country
      from ${from} where ${where}
    ) a
    group by grouping sets ((level), (status), (month), (step), (industry), (country))`;
}

/** The bit of each column in grouping(): set where a row is *not* grouped by it. */
const kinds = { level: 0b011111, status: 0b101111, month: 0b110111, step: 0b111011, industry: 0b111101, country: 0b111110 };

/** Reads `most` rows; where more are expected, as many in a hundred as that makes, and scales up by the very share that was read. */
export async function computeStats(db: Database, filters: Filters, most = readRows): Promise<Stats> {
  const where = matching(filters);
  const [expected, { exact }] = await Promise.all([estimated(db, where), countMatching(db, filters)]);
  const percent = exact || expected <= most ? 100 : Math.max(1, Math.round((100 * most) / expected));
  const groups = await db.rows<Group>(statement(percent === 100 ? sql`risk_assessments a` : sample(percent), where), { planEachTime: true });
  const scaled = groups.map((group) => ({ ...group, n: Math.round((group.n * 100) / percent) }));
  const value = scaled.filter(({ kind }) => kind === kinds.level).reduce((sum, { n }) => sum + n, 0);
  return { ...shaped(scaled), total: { value, exact: percent === 100 }, sampled: percent === 100 ? null : percent / 100 };
}

/** Whole pages, chosen at random and each time the same ones, so that a chart does not tremble. */
const sample = (percent: number): SQL => sql`risk_assessments a tablesample system (${inlineNumber(percent)}) repeatable (1)`;

function shaped(groups: Group[]): Omit<Stats, 'total' | 'sampled'> {
  const of = (kind: number) => groups.filter((group) => group.kind === kind);
  const count = (found: Group | undefined) => found?.n ?? 0;
  const frequent = (kind: number) => of(kind).toSorted((a, b) => b.n - a.n).slice(0, 50);
  return {
    byLevel: riskLevels.map((riskLevel) => ({ riskLevel, count: count(of(kinds.level).find(({ level }) => level === riskLevel)) })),
    byStatus: statuses.map((status) => ({ status, count: count(of(kinds.status).find((group) => group.status === status)) })),
    byMonth: withEmptyMonths(of(kinds.month).flatMap(({ month, n }) => (month === null ? [] : [{ month, count: n }])).toSorted((a, b) => a.month.localeCompare(b.month))),
    byScore: Array.from({ length: scoreSteps }, (_, step) => ({ from: step / scoreSteps, count: count(of(kinds.step).find((group) => group.step === step)) })),
    byIndustry: frequent(kinds.industry).map(({ industry, n }) => ({ industry, count: n })),
    byCountry: frequent(kinds.country).map(({ country, n }) => ({ country, count: n })),
  };
}

/** A month in which nothing was created is a gap in the chart, not a missing place on its axis. */
function withEmptyMonths(months: Stats['byMonth']): Stats['byMonth'] {
  const [first, last] = [months[0]?.month, months.at(-1)?.month];
  if (!first || !last) return [];
  const counts = new Map(months.map(({ month, count }) => [month, count]));
  const all: Stats['byMonth'] = [];
  for (const at = new Date(`${first}-01T00:00:00Z`); at.toISOString().slice(0, 7) <= last; at.setUTCMonth(at.getUTCMonth() + 1)) {
    const month = at.toISOString().slice(0, 7);
    all.push({ month, count: counts.get(month) ?? 0 });
  }
  return all;
}
