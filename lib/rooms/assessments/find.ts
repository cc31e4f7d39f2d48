import type { Database } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import { sql, type SQL } from '@/lib/pg/sql';
import { wholeColumns } from './json';
import { hasManyMonths } from './months';

/** No partition begins later, and PostgreSQL would not read the year as JavaScript writes it. */
const latest = Date.UTC(9999, 0);

/** The millisecond inside a UUIDv7, as the time by which its partition is found; null for any other UUID. */
export function timeOf(id: string): string | null {
  const ms = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  return id[14] === '7' && ms < latest ? new Date(ms).toISOString() : null;
}

const isAt = (id: string, time: string): SQL => sql`a.id = ${id} and a.created_at = ${time}::timestamptz`;

/**
 * What `ask` finds for an assessment, given the condition that leads to it: by id and time, which touches one partition;
 * where that finds nothing, by the id alone, for ids whose time is not that of their row.
 */
export async function whereFound<T>(id: string, ask: (here: SQL) => Promise<T | undefined>): Promise<T | undefined> {
  const time = timeOf(id);
  const found = time === null ? undefined : await ask(isAt(id, time));
  return found ?? ask(sql`a.id = ${id}`);
}

export const missing = () => new AppError('not_found', 'There is no such assessment.');

/** The assessment with its children as JSON text: one statement, and two more where the id's time is not its row's. @throws AppError not_found */
export async function findAssessment(db: Database, id: string): Promise<string> {
  const planEachTime = await hasManyMonths(db);
  const at = async (time: string): Promise<string | undefined> => {
    const [row] = await db.rows<{ whole: string }>(sql`select row_to_json(whole)::text as whole from (select ${wholeColumns(id, time)} from risk_assessments a where ${isAt(id, time)}) whole`, { planEachTime });
    return row?.whole;
  };
  const time = timeOf(id);
  const found = time === null ? undefined : await at(time);
  if (found !== undefined) return found;
  const [place] = await db.rows<{ created_at: string }>(sql`select created_at from risk_assessments where id = ${id}`);
  const elsewhere = place && (await at(place.created_at));
  if (elsewhere === undefined) throw missing();
  return elsewhere;
}
