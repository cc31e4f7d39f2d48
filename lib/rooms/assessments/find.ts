import type { Database } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import { sql, type SQL } from '@/lib/pg/sql';
import { wholeAssessment } from './json';
import { hasManyMonths } from './months';

/** No partition begins later, and PostgreSQL would not read the year as JavaScript writes it. */
const latest = Date.UTC(9999, 0);

/** The millisecond inside a UUIDv7, as the time by which its partition is found; null for any other UUID. */
export function timeOf(id: string): string | null {
  const ms = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  return id[14] === '7' && ms < latest ? new Date(ms).toISOString() : null;
}

/**
 * What `ask` finds for an assessment, given the condition that leads to it: by id and time, which touches one partition;
 * where that finds nothing, by the id alone, for ids whose time is not that of their row.
 */
export async function whereFound<T>(id: string, ask: (here: SQL) => Promise<T | undefined>): Promise<T | undefined> {
  const time = timeOf(id);
  const found = time === null ? undefined : await ask(sql`a.id = ${id} and a.created_at = ${time}::timestamptz`);
  return found ?? ask(sql`a.id = ${id}`);
}

export const missing = () => new AppError('not_found', 'There is no such assessment.');

/** The assessment with its children as JSON text: one statement. @throws AppError not_found */
export async function findAssessment(db: Database, id: string): Promise<string> {
  const planEachTime = await hasManyMonths(db);
  const found = await whereFound(id, async (here) => {
    const [row] = await db.rows<{ whole: string }>(sql`select (${wholeAssessment})::text as whole from risk_assessments a where ${here}`, { planEachTime });
    return row?.whole;
  });
  if (found === undefined) throw missing();
  return found;
}
