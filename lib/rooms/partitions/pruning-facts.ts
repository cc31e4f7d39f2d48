import { schemasIn, searchPathOf, statements } from '@/lib/kit/captured';
import type { Ask, ServerFacts } from '@/lib/kit/diagnostic';
import type { Planner } from '@/lib/kit/planner';
import { parseSql } from '@/lib/pg/parser';
import { lockBudget, ofPeople, qualified } from '@/lib/pg/relations';
import { array, sql } from '@/lib/pg/sql';
import { confirming } from './pruning-plan';
import { unprunedIn } from './pruning';
import type { Keyed } from './pruning-tree';

type Counted = { query: string; usr: string; calls: number; total_ms: number; mean_ms: number; queryid: string | null; userid: string; toplevel: boolean; path: string | null };

/** Parsing more than these would tell less than it costs. */
export const mostStatements = 1000;
const mostCharacters = 20_000;

/** Topmost partitioned tables; one below another is reached through it. */
const keyed = sql`
  with recursive part(top, oid) as (
    select p.partrelid, p.partrelid from pg_partitioned_table p join pg_class c on c.oid = p.partrelid join pg_namespace n on n.oid = c.relnamespace where not c.relispartition and ${ofPeople}
    union all
    select part.top, i.inhrelid from part join pg_inherits i on i.inhparent = part.oid
  ), leaf as (
    select part.top, count(*)::int as leaf_count from part join pg_class c on c.oid = part.oid and c.relkind in ('r', 'f') group by part.top
  ), name as materialized (
    select w.relname, count(*)::int as namesakes from pg_class w where w.relkind in ('r', 'p', 'v', 'm', 'f') group by w.relname
  )
  select c.oid::text as id, ${qualified} as tab, n.nspname::text as schema_name, c.relname::text as rel_name, p.partstrat::text as strategy, leaf.leaf_count, name.namesakes,
    leaf.leaf_count * (1 + (select count(*) from pg_index x where x.indrelid = c.oid)) <= ${lockBudget} as lockable,
    (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null)) order by k.at)
      from generate_series(0, p.partnatts - 1) k(at) join pg_attribute a on a.attrelid = c.oid and a.attnum = p.partattrs[k.at]) as columns
  from leaf join pg_class c on c.oid = leaf.top join pg_namespace n on n.oid = c.relnamespace join pg_partitioned_table p on p.partrelid = c.oid join name on name.relname = c.relname
  where not 0 = any (p.partattrs::int2[])`;

const counted = (server: ServerFacts, tables: Keyed[], minCalls: number) => sql`
  select s.query, pg_get_userbyid(s.userid)::text as usr, s.calls::float8 as calls, s.total_exec_time as total_ms, s.mean_exec_time as mean_ms, s.queryid::text as queryid, s.userid::text as userid, s.toplevel,
    ${searchPathOf(sql`s.userid`)} as path
  from ${statements(server, 'pg_stat_statements')} s
  where s.dbid = (select d.oid from pg_database d where d.datname = current_database()) and s.calls >= ${minCalls}::float8 and s.query not like '%/* riskdesk:%' and length(s.query) <= ${mostCharacters}
    and s.query ~* '\\m(select|update|delete|merge|with|table)\\M' and exists (select from unnest(${array(tables.map((table) => table.rel_name))}::text[]) t(name) where strpos(s.query, t.name) > 0 or strpos(lower(s.query), t.name) > 0)
  order by s.calls desc limit ${mostStatements}`;

/** pg_stat_statements writes a parameter for the field, which the grammar does not take. */
const asField = /\bextract ?\( ?\$\d+ from/gi;

/** Statements with the partitioned tables of which they touch every partition, as far as their text tells. */
export async function unpruned(ask: Ask, server: ServerFacts, planner: Planner, { min_calls: minCalls, min_parts: minParts }: { min_calls: number; min_parts: number }) {
  const tables = (await ask<Keyed>(keyed)).filter((table) => table.leaf_count >= minParts);
  if (tables.length === 0) return [];
  const found = [];
  for (const { query, path, ...figures } of await ask<Counted>(counted(server, tables, minCalls))) {
    const parsed = await parseSql(query.replaceAll(asField, 'extract(epoch from'));
    const [statement, ...more] = 'error' in parsed ? [] : parsed.statements;
    if (!statement || more.length > 0) continue;
    for (const { table, found: { why, detail } } of unprunedIn(statement, tables)) {
      const row = { tab: table.tab, key: table.columns.map(({ name }) => name).join(', '), why, detail, query, partition_count: table.leaf_count, opened: figures.calls * table.leaf_count, ...figures };
      found.push({ row, table, searchPath: schemasIn(path, figures.usr) });
    }
  }
  const confirm = confirming(ask, planner);
  const rows = [];
  for (const { row, ...asked } of found.toSorted((a, b) => b.row.opened - a.row.opened)) rows.push({ ...row, planner: await confirm({ query: row.query, ...asked }) });
  return rows;
}
