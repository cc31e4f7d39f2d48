import { and, array, likePattern, sql, type SQL } from '@/lib/pg/sql';
import type { Filters } from './schema';
import type { Span } from './months';

/** One value compares as equal, which an index keeps in order; several do not. */
const isAnyOf = (column: SQL, values: readonly string[] | undefined): SQL[] => {
  const [first, ...rest] = values ?? [];
  if (first === undefined) return [];
  return [rest.length === 0 ? sql`${column} = ${first}` : sql`${column} = any(${array([first, ...rest])})`];
};

export const inSpan = ({ from, to }: Span): SQL[] => [
  ...(from === null ? [] : [sql`created_at >= ${from}::timestamptz`]),
  ...(to === null ? [] : [sql`created_at < ${to}::timestamptz`]),
];

export const spanOf = ({ createdFrom, createdTo }: Filters): Span => ({
  from: createdFrom === undefined ? null : new Date(createdFrom).toISOString(),
  to: createdTo === undefined ? null : new Date(createdTo).toISOString(),
});

/** The filters of a list but for its time span. */
export function conditions(filters: Filters): SQL[] {
  const { q, status, riskLevel, industry, country, userId, minScore, maxScore } = filters;
  return [
    ...(q ? [sql`business_name ilike ${likePattern(q)}`] : []),
    ...isAnyOf(sql`status`, status),
    ...isAnyOf(sql`risk_level`, riskLevel),
    ...isAnyOf(sql`industry`, industry),
    ...isAnyOf(sql`country`, country),
    ...isAnyOf(sql`user_id`, userId),
    ...(minScore === undefined ? [] : [sql`risk_score >= ${minScore}::numeric`]),
    ...(maxScore === undefined ? [] : [sql`risk_score <= ${maxScore}::numeric`]),
  ];
}

export const matching = (filters: Filters): SQL => and([...conditions(filters), ...inSpan(spanOf(filters))]);
