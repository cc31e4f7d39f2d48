import type { Ask } from '@/lib/kit/diagnostic';
import { indexFacts as factsOf, type NamedIndex } from '@/lib/pg/index-facts';
import { array, sql } from '@/lib/pg/sql';
import { busy, ownSchemas, sizeOf, definitionOf } from './catalog';

export type Named = NamedIndex;

/** An index of a locked table cannot be looked at without waiting: its table is left out, and `locked` counts it. */
export const lockedTables = sql`(select count(distinct x.indrelid) from pg_index x where x.indrelid in (select relation from busy) or x.indexrelid in (select relation from busy))`;

/** Everything the prover has to know, of tables with two indexes of which at least one could go. */
export const indexFacts = (ask: Ask): Promise<Named[]> =>
  factsOf(ask, sql`
        select x.indrelid from pg_index x join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = i.relnamespace
        where i.relpersistence <> 't' and ${ownSchemas}
        group by x.indrelid having count(*) > 1 and bool_or(not i.relispartition)`);

export type Measure = { oid: string; size_bytes: number | null; scans: number; definition: string | null };

/** Sizes and definitions of what was found, and of nothing else. */
export async function measures(ask: Ask, oids: string[]): Promise<Map<string, Measure>> {
  const found = await ask<Measure>(sql`
      with recursive ${busy}, part(root, oid) as (
        select c.oid, c.oid from pg_class c where c.oid = any (${array(oids)}::oid[])
        union all
        select part.root, h.inhrelid from part join pg_inherits h on h.inhparent = part.oid
      )
      select c.oid::text as oid, ${sizeOf(sql`c.oid`, sql`c.relkind`)} as size_bytes, coalesce((
          select format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, t.relname, k.conname, pg_get_constraintdef(k.oid))
          from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_namespace n on n.oid = t.relnamespace
          where k.conindid = c.oid and k.contype = 'u' and k.conrelid not in (select relation from busy)), ${definitionOf(sql`c.oid`)}) as definition,
        (select sum(pg_stat_get_numscans(part.oid)) from part where part.root = c.oid)::float8 as scans
      from pg_class c where c.oid = any (${array(oids)}::oid[])`);
  return new Map(found.map((row) => [row.oid, row]));
}
