import type { Ask } from '@/lib/kit/diagnostic';
import { constraintDefinition, indexFacts as factsOf, type NamedIndex } from '@/lib/pg/index-facts';
import { array, sql } from '@/lib/pg/sql';
import { busy, late, ownSchemas } from './catalog';

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
      with recursive ${busy}, wanted as materialized (
        select c.oid, c.relkind from pg_class c where c.oid = any (${array(oids)}::oid[])
      ), part(root, oid) as (
        select wanted.oid, wanted.oid from wanted where wanted.relkind = 'I'
        union all
        select part.root, h.inhrelid from part join pg_inherits h on h.inhparent = part.oid
      ), scanned as (
        select s.root, sum(pg_stat_get_numscans(s.oid))::float8 as scans from (select * from part union all select oid, oid from wanted where relkind <> 'I') s group by s.root
      ), stated as (
        select k.conindid, min(format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, t.relname, k.conname, ${constraintDefinition(sql`k`, true)})) as definition
        from pg_constraint k join wanted on wanted.oid = k.conindid join pg_class t on t.oid = k.conrelid join pg_namespace n on n.oid = t.relnamespace
        where k.contype = 'u' and k.conrelid not in (select relation from busy) group by k.conindid
      )
      select wanted.oid::text as oid, l.size_bytes, coalesce(stated.definition, l.definition) as definition, scanned.scans
      from wanted join scanned on scanned.root = wanted.oid left join stated on stated.conindid = wanted.oid left join (${late.sql(sql`select oid::text from wanted`)}) l on l.oid = wanted.oid::text`);
  return new Map(found.map((row) => [row.oid, row]));
}
