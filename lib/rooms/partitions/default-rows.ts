import type { Ask } from '@/lib/kit/diagnostic';
import { lockedAway, ofPeople, qualified } from '@/lib/pg/relations';
import { ident, sql } from '@/lib/pg/sql';

export const mostCounted = 10_000;
const mostTables = 20;

type Found = { part: string; schema_name: string; rel_name: string; parent: string; strategy: string; kind: string; row_estimate: number | null; file_bytes: number | null; may_read: boolean; hides: boolean; locked: boolean };

const found = sql`
  with away as materialized (${lockedAway}), fallback as materialized (
    select ${qualified} as part, n.nspname::text as schema_name, c.relname::text as rel_name, c.oid, format('%I.%I', pn.nspname, pc.relname) as parent,
      case p.partstrat when 'r' then 'range' when 'l' then 'list' else p.partstrat::text end as strategy, c.relkind::text as kind,
      case when c.reltuples >= 0 then c.reltuples::float8 end as row_estimate, coalesce(has_table_privilege(c.oid, 'select'), false) as may_read, coalesce(row_security_active(c.oid), false) as hides,
      c.oid in (select relation from away) as locked
    from pg_partitioned_table p join pg_class pc on pc.oid = p.partrelid join pg_namespace pn on pn.oid = pc.relnamespace join pg_class c on c.oid = p.partdefid join pg_namespace n on n.oid = c.relnamespace
    where ${ofPeople}
  )
  select part, schema_name, rel_name, parent, strategy, kind, row_estimate, may_read, hides, locked, case when kind = 'r' and not locked then pg_relation_size(oid)::float8 end as file_bytes
  from fallback order by row_estimate desc nulls first, part limit 1000`;

const unreadable = ({ kind, may_read, hides, locked }: Found): string | null => {
  if (kind === 'p') return 'sub-partitioned: see its own DEFAULT';
  if (kind === 'f') return 'a foreign table: not asked';
  if (!may_read) return 'the monitoring role may not read it';
  if (hides) return 'row-level security hides rows from the monitoring role';
  return locked ? 'an ACCESS EXCLUSIVE lock is held or waited for' : null;
};

/** An empty file holds no rows, whatever nobody has counted; a full one is counted up to a bound. */
export async function readDefaults(ask: Ask) {
  const answers = [];
  let left = mostTables;
  for (const table of await ask<Found>(found)) {
    const { part, parent, strategy, row_estimate, file_bytes } = table;
    const known = { part, parent, strategy, row_estimate, file_bytes };
    const why = unreadable(table);
    if (file_bytes === 0) answers.push({ ...known, row_estimate: 0, counted: 0, more: false, says: 'counted' });
    else if (why !== null || left <= 0) answers.push({ ...known, counted: null, more: false, says: why ?? 'not among the twenty counted' });
    else {
      left -= 1;
      const [count] = await ask<{ counted: number }>(sql`select count(*)::int as counted from (select from only ${ident(table.schema_name, table.rel_name)} limit ${mostCounted + 1}) f`);
      const counted = count?.counted ?? 0;
      answers.push({ ...known, counted: Math.min(counted, mostCounted), more: counted > mostCounted, says: 'counted' });
    }
  }
  return answers;
}
