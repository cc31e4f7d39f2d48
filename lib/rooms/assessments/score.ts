import { and, keyword, sql, type SQL } from '@/lib/pg/sql';
import type { Cursor } from './cursor';
import type { Filters } from './schema';
import { levelOf } from './values';

/** Scores from `min` to `max`, both included, in hundredths: the column is numeric(3, 2) and has nothing between them. */
export type ScoreRange = { min: number; max: number };

const whole: ScoreRange = { min: 0, max: 100 };
const hundredths = (score: number | string) => Math.round(Number(score) * 100);

/** A level is a range of scores, so levels beside each other are one range and others several; narrowed by the score's own filters. */
export function scoreRanges({ riskLevel, minScore, maxScore }: Filters): ScoreRange[] {
  const min = minScore === undefined ? whole.min : hundredths(minScore);
  const max = maxScore === undefined ? whole.max : hundredths(maxScore);
  const ranges: ScoreRange[] = [];
  for (let score = min; score <= max; score += 1) {
    const last = ranges.at(-1);
    if (riskLevel !== undefined && !riskLevel.includes(levelOf(score / 100))) continue;
    if (last?.max === score - 1) last.max = score;
    else ranges.push({ min: score, max: score });
  }
  return ranges;
}

/**
 * What lies in the range and beyond the cursor, each side bounded once: of two bounds on one side a B-tree scan may begin at
 * the wider one and read all that lies between. Null when nothing does.
 */
export function inRange({ min, max }: ScoreRange, cursor: Cursor | null, descending: boolean): SQL | null {
  const at = cursor ? hundredths(cursor.key) : null;
  if (at !== null && (descending ? at < min : at > max)) return null;
  const beyond = at !== null && at >= min && at <= max && cursor
    ? sql`(a.risk_score, a.id) ${keyword(descending ? '<' : '>')} (${cursor.key}::numeric, ${cursor.id}::uuid)`
    : null;
  const lower = beyond && !descending ? beyond : min > whole.min && sql`a.risk_score >= ${String(min / 100)}::numeric`;
  const upper = beyond && descending ? beyond : max < whole.max && sql`a.risk_score <= ${String(max / 100)}::numeric`;
  return and([lower, upper].filter((bound) => bound !== false && bound !== null));
}
