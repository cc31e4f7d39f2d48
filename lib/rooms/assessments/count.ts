import type { Database } from '@/lib/db/client';
import { ShortLived } from '@/lib/kit/short-lived';
import { isTimeout } from '@/lib/pg/errors';
import { inlineNumber, render, sql, type SQL } from '@/lib/pg/sql';
import { matching } from './conditions';
import type { Filters, Total } from './schema';

/** Counted up to here; beyond it nobody reads the last digit, and counting on would take the longest. */
const countedUpTo = 10_000;
const countingMs = 800;

const known = new ShortLived<Total>(2000);

/** Everything counted so far may be wrong now: this process has written. */
export const forgetCounts = (): void => known.clear();

/** How many assessments match: exact up to 10,000, beyond that the planner's estimate. Answers may be two seconds old. */
export function countMatching(db: Database, filters: Filters, from = sql`risk_assessments`): Promise<Total> {
  const where = matching(filters);
  return known.get(JSON.stringify(render(sql`${from} ${where}`)), () => count(db, where, from));
}

async function count(db: Database, where: SQL, from: SQL): Promise<Total> {
  const counted = await countedInTime(db, where, from);
  if (counted !== null && counted <= countedUpTo) return { value: counted, exact: true };
  return { value: Math.max(await estimated(db, where, from), counted ?? 0), exact: false };
}

type Plan = { 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] };

/** The rows that the planner expects, from its statistics: a fraction of a millisecond at any size. */
export async function estimated(db: Database, where: SQL, from = sql`risk_assessments`): Promise<number> {
  const [row] = await db.rows<Plan>(sql`explain (format json) select from ${from} a where ${where}`, { planEachTime: true });
  return Math.round(row?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0);
}

/** Null when it would take too long. */
async function countedInTime(db: Database, where: SQL, from: SQL): Promise<number | null> {
  try {
    const [row] = await db.rows<{ n: number }>(sql`select count(*)::int as n from (select from ${from} a where ${where} limit ${inlineNumber(countedUpTo + 1)}) c`, { timeoutMs: countingMs });
    return row?.n ?? 0;
  } catch (error) {
    if (isTimeout(error)) return null;
    throw error;
  }
}
