import type { Settled, Step } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import type { RelationObject } from '@/lib/kit/relation-object';
import { array, ident, sql } from '@/lib/pg/sql';

type Leftover = { schema: string; rel: string };

/** Indexes that an unfinished REINDEX CONCURRENTLY of this one left on its table, by the suffixes that PostgreSQL gives them. */
export const leftoversOf = (ask: Ask, { table, rel, parts = [] }: RelationObject & { parts?: { rel: string }[] }): Promise<Leftover[]> => ask<Leftover>(sql`
  select n.nspname::text as schema, c.relname::text as rel
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where (i.indrelid = ${table}::oid or i.indrelid in (select relid::oid from pg_partition_tree(${table}::oid))) and not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'
    and exists (select from unnest(${array([rel, ...parts.map((part) => part.rel)])}::text[]) of_part where starts_with(of_part, regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '')))`);

export const dropStep = ({ schema, rel }: Leftover, note: string): Step => ({ sql: sql`DROP INDEX CONCURRENTLY IF EXISTS ${ident(schema, rel)}`, note, lock: 'SHARE UPDATE EXCLUSIVE', waits: 'patient' });

/** An index by its schema and name as it is now: null where there is none. */
export async function stateOf(ask: Ask, { schema, rel }: Leftover): Promise<{ identity: string; valid: boolean } | null> {
  const [found] = await ask<{ identity: string; valid: boolean }>(sql`
    select c.oid::text || ' ' || coalesce(pg_relation_filenode(c.oid), 0) as identity, i.indisvalid as valid
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_index i on i.indexrelid = c.oid where n.nspname = ${schema} and c.relname = ${rel}`);
  return found ?? null;
}

export const nothingLeft = (says: string): Settled => ({ state: 'undone', says, mend: [] });
