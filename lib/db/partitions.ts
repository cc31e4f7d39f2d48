import 'server-only';
import type { DeskClient } from '@/lib/pg/client';
import { ident, literal, render, sql, type SQL } from '@/lib/pg/sql';

/** Parent first: the children's foreign keys point at it. */
export const partitionedTables = ['risk_assessments', 'risk_factors', 'predictions', 'compliance_checks'] as const;

type Month = { name: string; from: string; to: string };

/** The months from the one that holds `from` to the one that holds `to`, both included, bounds in UTC. */
export function monthsBetween(from: Date, to: Date): Month[] {
  const months: Month[] = [];
  for (let year = from.getUTCFullYear(), month = from.getUTCMonth(); Date.UTC(year, month) <= to.getTime(); month += 1) {
    const start = new Date(Date.UTC(year, month));
    const end = new Date(Date.UTC(year, month + 1));
    months.push({ name: start.toISOString().slice(0, 7).replace('-', '_'), from: bound(start), to: bound(end) });
  }
  return months;
}

/** Written with its offset: without one PostgreSQL reads it in the session's time zone. */
const bound = (date: Date): string => `${date.toISOString().slice(0, 10)} 00:00:00+00`;

const run = (client: DeskClient, statement: SQL) => client.query(render(statement).text);

/** What exists is asked of the catalog: CREATE TABLE IF NOT EXISTS would accept any relation of that name. */
async function existing(client: DeskClient): Promise<Set<string>> {
  const { rows } = await client.query<{ bound: string; parent: string }>(
    `select p.relname as parent, pg_get_expr(c.relpartbound, c.oid) as bound
     from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
     where p.relname = any($1) and p.relnamespace = 'public'::regnamespace`,
    [partitionedTables],
  );
  return new Set(rows.map((row) => `${row.parent} ${row.bound}`));
}

async function createPartition(client: DeskClient, parent: string, month: Month): Promise<void> {
  const table = ident('public', `${parent}_${month.name}`);
  const range = sql`from (${literal(month.from)}) to (${literal(month.to)})`;
  // CREATE + ATTACH takes SHARE UPDATE EXCLUSIVE on the parent, CREATE … PARTITION OF would take ACCESS EXCLUSIVE.
  await client.query('begin');
  try {
    await client.query("set local lock_timeout = '3s'");
    await run(client, sql`create table ${table} (like ${ident('public', parent)} including defaults including constraints)`);
    await run(client, sql`alter table ${ident('public', parent)} attach partition ${table} for values ${range}`);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** Makes sure that every month between has its partition in all four tables. Answers how many were created. */
export async function ensurePartitions(client: DeskClient, fromIso: string, toIso: string): Promise<number> {
  const there = await existing(client);
  let created = 0;
  for (const month of monthsBetween(new Date(fromIso), new Date(toIso))) {
    for (const parent of partitionedTables) {
      if (there.has(`${parent} FOR VALUES FROM ('${month.from}') TO ('${month.to}')`)) continue;
      await createPartition(client, parent, month);
      created += 1;
    }
  }
  return created;
}
