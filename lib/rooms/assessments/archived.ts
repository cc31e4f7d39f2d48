import type { Database } from '@/lib/db/client';
import { sql, type SQL } from '@/lib/pg/sql';

/** The table's columns by name: an archive may have them in another order. */
const columns = sql`a.id, a.user_id, a.business_name, a.business_address, a.industry, a.country, a.risk_score, a.risk_level, a.status, a.version, a.created_at, a.updated_at`;

const main = sql`risk_assessments`;
const archive = sql`risk_assessments_archive`;

/** Where assessments are looked for: in the table, and where it is asked for in what was archived of it, if this role may read that. */
export async function tablesOf(db: Database, include: 'archive' | undefined): Promise<SQL[]> {
  if (include === undefined) return [main];
  const [found] = await db.rows<{ there: boolean }>(sql`select coalesce(has_table_privilege(to_regclass('risk_assessments_archive'), 'select'), false) as there`);
  return found?.there ? [main, archive] : [main];
}

/** Several tables as one `a`; planned as the partitions of one would be. */
export const allOf = (tables: SQL[]): SQL => {
  const [first = main, second] = tables;
  return second === undefined ? first : sql`(select ${columns} from ${first} a union all select ${columns} from ${second} a)`;
};

/** What of one table is wanted, so that rows of another fit behind it. */
export const rowsOf = (table: SQL, tables: SQL[]): SQL => (tables.length === 1 ? sql`select * from ${table} a` : sql`select ${columns} from ${table} a`);
