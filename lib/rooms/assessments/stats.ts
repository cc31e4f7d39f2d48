import type { Database } from '@/lib/db/client';
import { inlineNumber, render, sql, type SQL } from '@/lib/pg/sql';
import { matching } from './conditions';
import { countMatching, estimated } from './count';
import { riskLevels, statuses, type Filters, type RiskLevel, type Stats, type Status } from './schema';

/** Up to here every row is read: about a tenth of a second. Beyond it, a sample of about so many. */
const readRows = 300_000;
const freshMs = 10_000;
const scoreSteps = 20;

const known = new Map<string, { at: number; stats: Promise<Stats> }>();

export const forgetStats = (): void => known.clear();

/** What the charts beside a list show, over everything that its filters leave. Answers may be ten seconds old. */
export function statsOf(db: Database, filters: Filters): Promise<Stats> {
  const key = JSON.stringify(render(matching(filters)));
  const found = known.get(key);
  if (found && Date.now() - found.at < freshMs) return found.stats;
  const stats = compute(db, filters);
  if (known.size > 100) known.clear();
  known.set(key, { at: Date.now(), stats });
  stats.catch(() => known.delete(key));
  return stats;
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

async function compute(db: Database, filters: Filters): Promise<Stats> {
  const where = matching(filters);
  const [expected, total] = await Promise.all([estimated(db, where), countMatching(db, filters)]);
  const share = total.exact || expected <= readRows ? null : Math.max(0.001, readRows / expected);
  const groups = await db.rows<Group>(statement(share === null ? sql`risk_assessments a` : sampled(share), where), { planEachTime: true });
  const scaled = share === null ? groups : groups.map((group) => ({ ...group, n: Math.round(group.n / share) }));
  const counted = scaled.filter(({ kind }) => kind === kinds.level).reduce((sum, { n }) => sum + n, 0);
  return { ...shaped(scaled), total: share === null ? { value: counted, exact: true } : { value: counted, exact: false }, sampled: share };
}

/** Whole pages, chosen at random and each time the same ones, so that a chart does not tremble. */
const sampled = (share: number): SQL => sql`risk_assessments a tablesample system (${inlineNumber(Math.max(1, Math.round(share * 100)))}) repeatable (1)`;

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
