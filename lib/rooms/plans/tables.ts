import type { Ask } from '@/lib/kit/diagnostic';
import { array, sql } from '@/lib/pg/sql';
import { parsePlan } from './plan/parse';
import type { TableFacts } from './plan/findings';

/** Rows and size, as last vacuumed or analysed, of the tables that a plan reads. */
export async function tablesIn(ask: Ask, json: string): Promise<TableFacts[]> {
  const parsed = parsePlan(json);
  if ('error' in parsed) return [];
  const named = new Map(parsed.plan.nodes.flatMap(({ relation }) => (relation?.schema ? [[`${relation.schema}\n${relation.name}`, relation] as const] : [])));
  const tables = [...named.values()].slice(0, 200);
  if (tables.length === 0) return [];
  return ask<TableFacts>(sql`
    select n.nspname::text as schema, c.relname::text as name, nullif(c.reltuples, -1)::float8 as rows, c.relpages::float8 * current_setting('block_size')::int as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join unnest(${array(tables.map(({ schema }) => schema))}::text[], ${array(tables.map(({ name }) => name))}::text[]) as t (schema, name) on n.nspname = t.schema and c.relname = t.name`);
}
