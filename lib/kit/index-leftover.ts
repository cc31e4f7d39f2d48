import type { Settled, Step } from './action';
import type { Ask } from './diagnostic';
import { array, ident, sql } from '@/lib/pg/sql';

type Leftover = { schema: string; rel: string };

/** The suffixes that REINDEX CONCURRENTLY gives the new and the old one while it works. */
export const isLeftover = (rel: string): boolean => /_cc(new|old)\d*$/.test(rel);

/** Indexes that an unfinished REINDEX CONCURRENTLY left on these tables, and on their partitions; of indexes with these names only, where they are given. */
export const leftoversOn = (ask: Ask, tables: string[], names: string[] | null = null): Promise<Leftover[]> => ask<Leftover>(sql`
  select n.nspname::text as schema, c.relname::text as rel
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where (i.indrelid = any (${array(tables)}::oid[]) or i.indrelid in (select p.relid::oid from unnest(${array(tables)}::oid[]) t cross join lateral pg_partition_tree(t) p))
    and not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'
    and ${names === null ? sql`true` : sql`exists (select from unnest(${array(names)}::text[]) name where starts_with(name, regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '')))`}`);

export const dropStep = ({ schema, rel }: Leftover, note: string): Step => ({ sql: sql`DROP INDEX CONCURRENTLY IF EXISTS ${ident(schema, rel)}`, note, lock: 'SHARE UPDATE EXCLUSIVE', waits: 'patient', awaits: { lock: 'ACCESS EXCLUSIVE', snapshots: false } });

/** An index by its schema and name as it is now: null where there is none. */
export async function stateOf(ask: Ask, { schema, rel }: Leftover): Promise<{ identity: string; valid: boolean } | null> {
  const [found] = await ask<{ identity: string; valid: boolean }>(sql`
    select c.oid::text || ' ' || coalesce(pg_relation_filenode(c.oid), 0) as identity, i.indisvalid as valid
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_index i on i.indexrelid = c.oid where n.nspname = ${schema} and c.relname = ${rel}`);
  return found ?? null;
}

export const nothingLeft = (says: string): Settled => ({ state: 'undone', says, mend: [] });
